import assert from 'node:assert/strict';
import { test } from 'node:test';
import { progressWriter } from '../../core/install/progress.ts';

test('progress in words: amount, share, speed, time left; each phase has its own speed', () => {
  let ms = 0;
  const write = progressWriter(() => ms);
  const total = 274e6;
  assert.equal(
    write({ phase: 'wait', by: 12 }),
    'another install is at work (process 12), waiting for it',
  );
  assert.equal(
    write({ phase: 'download', done: 0, total }),
    'downloading TensorFlow: 0 of 274 MB, 0 %',
  );
  ms = 2000;
  assert.equal(
    write({ phase: 'download', done: 20e6, total }),
    'downloading TensorFlow: 20 of 274 MB, 7 %, 10.0 MB/s, 26 s left',
  );
  ms = 20_000;
  assert.equal(
    write({ phase: 'download', done: 34e6, total }),
    'downloading TensorFlow: 34 of 274 MB, 12 %, 1.7 MB/s, 2 min 21 s left',
  );
  assert.equal(
    write({ phase: 'unpack', done: 1e6, total: 854e6 }),
    'unpacking TensorFlow: 1 of 854 MB, 0 %',
  );
  assert.match(write({ phase: 'build' }), /^building/);
});
