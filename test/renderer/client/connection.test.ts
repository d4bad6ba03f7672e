import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LabApi } from '../../../core/lab/api.ts';
import { keepConnected, retryDelay, type Line } from '../../../renderer/client/connection.ts';

const api = {} as LabApi;

test('dials again after a line closes or fails to open, with growing delays, until it is stopped', async () => {
  const seen: string[] = [];
  const waits: number[] = [];
  let calls = 0;
  let hangUp: () => void = () => undefined;
  const dial = (): Promise<Line> => {
    calls++;
    if (calls === 2 || calls === 3) return Promise.reject(new Error('refused'));
    return Promise.resolve({
      api,
      closed: new Promise<void>((resolve) => (hangUp = resolve)),
      close: () => seen.push('closed'),
    });
  };
  const opened = Promise.withResolvers<undefined>();
  const stop = keepConnected(
    dial,
    {
      state: (state) => seen.push(state),
      open: () => {
        seen.push(`line ${calls}`);
        if (calls === 1) setImmediate(() => hangUp());
        else opened.resolve(undefined);
      },
      failed: () => seen.push('failed'),
    },
    (milliseconds) => {
      waits.push(milliseconds);
      return Promise.resolve();
    },
  );
  await opened.promise;
  await new Promise(setImmediate);
  assert.deepEqual(seen, [
    'connecting',
    'line 1',
    'open',
    'lost',
    'failed',
    'lost',
    'failed',
    'lost',
    'line 4',
    'open',
  ]);
  assert.equal(waits[0], 250);
  assert.ok(waits[2]! > waits[1]!);
  stop();
  assert.equal(seen.at(-1), 'closed');
});

test('the delay before a new attempt grows to at most eight seconds', () => {
  assert.deepEqual([0, 1, 2, 5, 50].map(retryDelay), [250, 500, 1000, 8000, 8000]);
});
