import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CHUNKS_AHEAD } from '../../core/workers/messages.ts';
import { Inbox, Outbox, gather } from '../../core/workers/transfer.ts';

/**
 * An outbox and an inbox that are connected; every message arrives in a later turn, as between
 * processes.
 */
function connected() {
  let ahead = 0;
  let most = 0;
  const outbox: Outbox = new Outbox((message) => {
    if (message.type === 'chunk') most = Math.max(most, ++ahead);
    setImmediate(() => {
      if (message.type === 'chunk') inbox.chunk(message);
      else if (message.type === 'transfer-ended') inbox.ended(message);
    });
  });
  const inbox: Inbox = new Inbox((message) => {
    if (message.type === 'chunk-taken') ahead--;
    setImmediate(() => {
      if (message.type === 'chunk-taken') outbox.taken(message);
      else if (message.type === 'transfer-ended') outbox.ended(message);
    });
  });
  return { outbox, inbox, mostAhead: () => most };
}

test('bytes of any size arrive unchanged, and the bytes in flight stay bounded', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 3 << 20 }), { minLength: 1, maxLength: 6 }),
      async (sizes) => {
        fc.pre(sizes.some((size) => size > 0));
        const parts = sizes.map((size, at) => new Uint8Array(size).fill(at + 1));
        const bytes = sizes.reduce((sum, size) => sum + size, 0);
        const { outbox, inbox, mostAhead } = connected();
        const received = gather(inbox.expect(1, bytes), bytes);
        await outbox.send(1, () => parts);
        assert.equal(Buffer.compare(await received, Buffer.concat(parts)), 0);
        assert.ok(mostAhead() <= CHUNKS_AHEAD);
      },
    ),
    { numRuns: 15 },
  );
});

test('a source that breaks breaks the reader, and a reader that leaves stops the source', async () => {
  const { outbox, inbox } = connected();
  const received = gather(inbox.expect(1, 10), 10);
  const broken = outbox.send(1, function* () {
    yield new Uint8Array(5);
    throw new Error('disk gone');
  });
  await assert.rejects(broken, /disk gone/);
  await assert.rejects(received, /cancelled the transfer: disk gone/);

  const sending = outbox.send(2, () => [new Uint8Array(20 << 20)]);
  for await (const _chunk of inbox.expect(2, 20 << 20)) break;
  await assert.rejects(sending, /no longer needed/);
});

test('a connection that closes ends both sides', async () => {
  const { outbox, inbox } = connected();
  const received = gather(inbox.expect(1, 100), 100);
  const sending = outbox.send(1, () => [new Uint8Array(10 << 20)]);
  outbox.close('gone');
  inbox.close('gone');
  await assert.rejects(sending, /gone/);
  await assert.rejects(received, /gone/);
});
