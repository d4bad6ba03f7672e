import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Part, Parts, sendParts } from '../../core/lab/parts.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** What the other end makes of an answer, and the parts in which it came. */
async function sent(output: unknown): Promise<{ whole: unknown; sizes: number[] }> {
  const sizes: number[] = [];
  const parts = new Parts();
  const rest = await sendParts(
    output,
    (part) => {
      sizes.push(part.items.length);
      parts.add(JSON.parse(JSON.stringify(part)) as Part);
    },
    () => true,
  );
  return { whole: parts.joinedWith(JSON.parse(JSON.stringify(rest))), sizes };
}

describe('long answers', () => {
  test('arrive as they were, in parts that begin small', async () => {
    for (const output of [
      numbers(1000),
      { a: 1, long: numbers(500), list: [1, 2], more: numbers(65), b: null },
    ]) {
      const { whole, sizes } = await sent(output);
      assert.deepEqual(whole, output);
      assert.deepEqual(JSON.stringify(whole), JSON.stringify(output), 'in the same order');
      assert.ok(sizes.length > 1 && sizes[0]! <= 64, sizes.join());
    }
  });

  test('short ones go as they are', async () => {
    for (const output of [numbers(64), { list: numbers(64) }, {}, null, 'text', 7])
      assert.deepEqual(await sent(output), { whole: output, sizes: [] });
  });

  test('others get their turn between two parts', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++);
    const seen: number[] = [];
    await sendParts(numbers(5000), () => seen.push(turns), () => true); // prettier-ignore
    clearInterval(timer);
    assert.ok(new Set(seen).size > seen.length / 2, seen.join());
  });

  test('nothing more is sent when nobody waits any more', async () => {
    let sends = 0;
    await sendParts({ first: numbers(1000), second: numbers(1000) }, () => sends++, () => sends < 2); // prettier-ignore
    assert.equal(sends, 2);
  });
});
