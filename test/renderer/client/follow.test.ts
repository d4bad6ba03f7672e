import '../runes.ts';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LabError } from '../../../core/base/errors.ts';
import type { LabEvent } from '../../../core/lab/api.ts';

const { follow, Opened } = await import('../../../renderer/client/follow.svelte.ts');

/** Something to listen to. */
function source() {
  const listeners = new Set<(event: LabEvent) => void>();
  return {
    listeners,
    tell: (study: number) => {
      for (const listener of listeners) listener({ type: 'study-removed', study } as LabEvent);
    },
    listen: (listener: (event: LabEvent) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

describe('a record is read once and kept up to date', () => {
  test('events that come while it is read are obeyed after it, in their order', async () => {
    const { tell, listen, listeners } = source();
    const seen: (number | string)[] = [];
    const undo = await follow(
      { listen },
      async () => {
        tell(1);
        await Promise.resolve();
        tell(2);
        seen.push('read');
      },
      (event) => seen.push((event as { study: number }).study),
    );
    tell(3);
    assert.deepEqual(seen, ['read', 1, 2, 3]);
    undo();
    tell(4);
    assert.deepEqual([seen.length, listeners.size], [4, 0]);
  });

  test('unreadable messages are ignored', async () => {
    const { listen, listeners } = source();
    const failing = follow(
      { listen },
      () => Promise.reject(new Error('gone')),
      () => assert.fail(),
    );
    await assert.rejects(failing, /gone/);
    assert.equal(listeners.size, 0);
  });
});

describe('the content of a page', () => {
  const record = (opening: () => Promise<() => void>) => ({ open: opening });
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  test('is a record once it is read; the undo lets go of it', async () => {
    const opened = new Opened();
    let closed = 0;
    const first = record(() => Promise.resolve(() => void closed++));
    const undo = opened.show(first);
    assert.equal(opened.current, null);
    await settled();
    assert.equal(opened.current, first);
    undo();
    assert.equal(closed, 1);
  });

  test('is never a record that was let go of while it was read', async () => {
    const opened = new Opened();
    let closed = 0;
    opened.show(record(() => Promise.resolve(() => void closed++)))();
    await settled();
    assert.deepEqual([opened.current, closed], [null, 1]);
  });

  test('is why a record cannot be read, until another one is', async () => {
    const opened = new Opened();
    const gone = new LabError({
      code: 'studies.unknown',
      message: 'There is no study 9.',
      next: 'Look at the list.',
    });
    opened.show(record(() => Promise.reject(gone)));
    await settled();
    assert.equal(opened.problem?.message, 'There is no study 9.');
    opened.show(record(() => Promise.resolve(() => undefined)));
    assert.equal(opened.problem, null);
  });
});
