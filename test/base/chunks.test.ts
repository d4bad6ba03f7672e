import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ChunkReceiver, ChunkSender } from '../../core/base/chunks.ts';

/** Whether a promise has settled by the next turn. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.then(
    () => (done = true),
    () => (done = true),
  );
  await new Promise(setImmediate);
  return done;
}

describe('the sender of chunks', () => {
  test('waits at the end of its window until a chunk is acknowledged', async () => {
    const sender = new ChunkSender(2);
    assert.deepEqual([await sender.next(), await sender.next()], [0, 1]);
    const third = sender.next();
    assert.equal(await settled(third), false);
    sender.taken(0);
    assert.equal(await third, 2);
    const all = sender.allTaken();
    assert.equal(await settled(all), false);
    sender.taken(2);
    await all;
  });

  test('an acknowledgement of a chunk that was never sent makes no room', async () => {
    const sender = new ChunkSender(1);
    await sender.next();
    sender.taken(1000);
    await sender.next();
    assert.equal(await settled(sender.next()), false);
  });

  test('goes on without a window for a receiver that acknowledges nothing', async () => {
    const sender = new ChunkSender(1);
    for (let index = 0; index < 5; index++) assert.equal(await sender.next(false), index);
  });

  test('whoever waits hears why the transfer ended, and the first reason stays', async () => {
    const sender = new ChunkSender(1);
    await sender.next();
    const waits = [sender.next(), sender.allTaken()];
    sender.end(new Error('gone'));
    sender.end(new Error('later'));
    for (const wait of waits.slice(1)) await assert.rejects(wait, /gone/);
    await assert.rejects(sender.next(), /gone/);
    await assert.rejects(waits[0]!, /gone/);
  });
});

describe('the receiver of chunks', () => {
  const limits = { total: 10, largest: 4, ahead: 2 };

  test('refuses what breaks order, size, total or window, and counts nothing of it', () => {
    const receiver = new ChunkReceiver(limits);
    assert.equal(receiver.receive({ index: 1 }, 1), 'order');
    assert.equal(receiver.receive({ offset: 1 }, 1), 'order');
    assert.equal(receiver.receive({ index: 0 }, 5), 'largest');
    assert.equal(receiver.receive({ index: 0 }, 4), null);
    assert.equal(receiver.receive({ offset: 4 }, 4), null);
    assert.equal(receiver.receive({ index: 2 }, 1), 'ahead');
    assert.equal(receiver.take(), 0);
    assert.equal(receiver.receive({ index: 2 }, 3), 'total');
    assert.deepEqual([receiver.next, receiver.received, receiver.complete], [2, 8, false]);
    assert.equal(receiver.receive({ offset: 8 }, 2), null);
    assert.equal(receiver.complete, false, 'two chunks are not used up');
    assert.deepEqual([receiver.take(), receiver.take(), receiver.complete], [1, 2, true]);
  });

  test('takes whatever a sender of the same window sends', async () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(cuts, fc.integer({ min: 1, max: 8 }), async (sizes, ahead) => {
        const total = sizes.reduce((sum, size) => sum + size, 0);
        const sender = new ChunkSender(ahead);
        const receiver = new ChunkReceiver({ total, largest: 100, ahead });
        for (const size of sizes) {
          const index = await sender.next();
          assert.equal(receiver.receive({ index }, size), null);
          setImmediate(() => {
            sender.taken(receiver.take());
          });
        }
        await sender.allTaken();
        assert.ok(receiver.complete);
      }),
      { numRuns: 30 },
    );
  });
});
