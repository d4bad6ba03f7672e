import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import { Lifetime } from '../../core/base/lifetime.ts';
import { SlotBackoff, afterFailureOn } from '../../core/search/slot-backoff.ts';

const slots = ['gpu:0', 'gpu:1', 'gpu:2'];

describe('slots that rest', () => {
  test('the decision: two runs may be to blame themselves, and all slots are never to blame', () => {
    assert.deepEqual(afterFailureOn(2, 5, true), { do: 'go-on', reason: 'too-few-runs' });
    assert.deepEqual(afterFailureOn(3, 0, false), { do: 'trust-all', reason: 'every-slot-fails' });
    assert.deepEqual(afterFailureOn(3, 1, true), {
      do: 'rest',
      reason: 'many-runs-failed',
      seconds: 120,
      times: 2,
    });
  });

  test('a slot rests longer and longer after three failed runs, and an epoch ends it', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const backoff = new SlotBackoff(new Lifetime(), 1);
    let woken = 0;
    const fail = (run: number) => backoff.failed('gpu:1', run, slots, () => woken++);
    assert.deepEqual(
      [1, 1, 2, 1].map(fail),
      [null, null, null, null],
      'two runs may be to blame themselves',
    );
    assert.deepEqual(fail(3), { seconds: 60, times: 1 });
    assert.ok(
      backoff.isResting('gpu:1') && backoff.isSuspect('gpu:1') && !backoff.isResting('gpu:0'),
    );
    mock.timers.tick(59_999);
    assert.equal(woken, 0);
    mock.timers.tick(1);
    assert.equal(woken, 1);
    assert.ok(!backoff.isResting('gpu:1') && backoff.isSuspect('gpu:1'));
    for (const seconds of [120, 240, 480, 960, 1800, 1800]) {
      assert.equal(fail(4)?.seconds, seconds);
      mock.timers.tick(seconds * 1000);
    }
    backoff.reported('gpu:1');
    assert.ok(!backoff.isSuspect('gpu:1'));
    assert.deepEqual([5, 6].map(fail), [null, null]);
    mock.timers.reset();
  });

  test('where every slot fails none rests', () => {
    const backoff = new SlotBackoff(new Lifetime(), 1);
    const fail = (slot: string) =>
      [1, 2, 3].map((run) => backoff.failed(slot, run, slots, () => undefined))[2];
    assert.ok(fail('gpu:0') && fail('gpu:1'));
    assert.equal(fail('gpu:2'), null);
    assert.ok(slots.every((slot) => !backoff.isResting(slot) && !backoff.isSuspect(slot)));
    const alone = new SlotBackoff(new Lifetime(), 1);
    for (const run of [1, 2, 3, 4])
      assert.equal(
        alone.failed('cpu:0', run, ['cpu:0'], () => undefined),
        null,
      );
  });

  test('a run avoids the slot on which it failed until it has got another', () => {
    const backoff = new SlotBackoff(new Lifetime(), 1);
    backoff.avoid(7, 'gpu:0');
    assert.ok(backoff.avoidsAny && backoff.avoids(7, 'gpu:0'));
    assert.ok(!backoff.avoids(7, 'gpu:1') && !backoff.avoids(8, 'gpu:0'));
    backoff.placed(7);
    assert.ok(!backoff.avoidsAny && !backoff.avoids(7, 'gpu:0'));
  });
});
