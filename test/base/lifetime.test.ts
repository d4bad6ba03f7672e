import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { mock, test } from 'node:test';
import { Lifetime } from '../../core/base/lifetime.ts';

test('nothing that belongs to a lifetime happens after its end', async () => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const lifetime = new Lifetime();
  const happened: string[] = [];
  const note = (what: string) => () => void happened.push(what);
  const turn = lifetime.onceATurn(note('turn'));
  lifetime.after(10, note('timer'));
  lifetime.after(10, note('cancelled')).cancel();
  lifetime.every(10, note('beat'));
  lifetime.atEnd(note('end'));
  mock.timers.tick(10);
  assert.deepEqual(happened.splice(0).sort(), ['beat', 'timer']);
  lifetime.after(10, note('later'));
  turn();
  lifetime.end();
  lifetime.end();
  turn();
  lifetime.after(10, note('after the end'));
  lifetime.atEnd(note('at once'));
  mock.timers.tick(100);
  mock.timers.reset();
  await setImmediate();
  assert.deepEqual(happened, ['end', 'at once']);
});
