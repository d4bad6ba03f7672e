import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Lifetime } from '../../core/base/lifetime.ts';
import { Delays } from '../../core/search/delays.ts';

test('a delay ends once; a later one of the same key takes its place', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const delays = new Delays<string>(new Lifetime(), { keepsProcess: false });
  const ended: string[] = [];
  const start = (key: string, milliseconds: number, name: string): void => {
    delays.start(key, milliseconds, () => {
      assert.equal(delays.has(key), false);
      ended.push(name);
    });
  };
  start('a', 10, 'first');
  start('a', 30, 'second');
  start('b', 20, 'b');
  start('c', 5, 'c');
  delays.cancel('c');
  assert.deepEqual([...delays.keys()], ['a', 'b']);
  mock.timers.tick(25);
  assert.deepEqual(ended, ['b']);
  mock.timers.tick(5);
  assert.deepEqual(ended, ['b', 'second']);
  start('d', 10, 'd');
  delays.clear();
  mock.timers.tick(100);
  assert.deepEqual([ended, [...delays.keys()]], [['b', 'second'], []]);
  mock.timers.reset();
});
