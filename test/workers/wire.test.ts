import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseToLab } from '../../core/workers/check-messages.ts';
import type { ToLab } from '../../core/workers/messages.ts';
import { fromWire, toWire } from '../../core/workers/wire.ts';
import { unmeasuredNode } from '../../core/study/metrics.ts';

const carried = (message: ToLab): unknown => fromWire(toWire(message));

describe('a message between lab and worker', () => {
  test('is plain text, whatever engine speaks and hears it', () => {
    const text = toWire({ type: 'chunk', transfer: 1, index: 0, data: new Uint8Array([0, 255]) });
    assert.equal(text, '{"type":"chunk","transfer":1,"index":0,"data":{"$bytes":"AP8="}}');
  });

  test('delivers all bytes, also of a part of a buffer', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 3, maxLength: 300 }),
        fc.boolean(),
        (bytes, buffer) => {
          const data = (buffer ? Buffer.from(bytes) : bytes).subarray(1, -1);
          const { data: came } = carried({ type: 'chunk', transfer: 1, index: 0, data }) as {
            data: Uint8Array;
          };
          assert.ok(came instanceof Uint8Array);
          assert.deepEqual([...came], [...data]);
        },
      ),
    );
  });

  test('brings numbers that JSON lacks', () => {
    const nodes = [
      { ...unmeasuredNode, loss: Infinity, trainAccuracy: 0.1 + 0.2, trainLoss: -Infinity },
    ];
    const message: ToLab = {
      type: 'epoch',
      run: 1,
      metrics: { epoch: 1, seconds: 1, nodes, edges: [null] },
    };
    assert.deepEqual(carried(message), message);
  });

  test('the check refuses input that is not a message', () => {
    const bad = [
      'no JSON',
      '{"type":"chunk","transfer":1,"index":0,"data":{"$bytes":3}}',
      '{"type":"heartbeat","run":1,"progress":{"$number":"1e999"}}',
      { type: 'ready' },
      7,
    ];
    for (const raw of bad)
      assert.throws(
        () => parseToLab(fromWire(raw)),
        { code: 'workers.bad-message' },
        JSON.stringify(raw),
      );
  });
});
