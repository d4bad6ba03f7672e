import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Part, Parts, sendParts } from '../../core/connection/parts.ts';

/** So many rows of about a thousand characters. */
const rows = (count: number): object[] =>
  Array.from({ length: count }, (_, number) => ({ number, text: 'x'.repeat(1000) }));

/** What the other end makes of an answer, and how much came in each piece. */
async function sent(output: unknown): Promise<{ whole: unknown; pieces: number[] }> {
  const pieces: number[] = [];
  const parts = new Parts();
  const cross = (value: unknown): unknown => {
    const text = JSON.stringify(value);
    pieces.push(text.length);
    return JSON.parse(text);
  };
  const send = (part: Part): void => {
    parts.add(cross(part) as Part);
  };
  const rest = await sendParts(output, send, () => true);
  return { whole: parts.joinedWith(cross(rest)), pieces };
}

describe('long answers', () => {
  test('arrive as they were, in pieces of some tens of thousands of characters', async () => {
    const heavy = [rows(50), rows(60), rows(70)];
    for (const output of [
      rows(1000),
      heavy,
      { a: 1, long: rows(300), list: [1, 2], more: rows(200), b: null },
    ]) {
      const { whole, pieces } = await sent(output);
      assert.equal(JSON.stringify(whole), JSON.stringify(output), 'in the same order, too');
      assert.ok(pieces.length > 3 && Math.max(...pieces) < 80_000, pieces.join());
    }
  });

  test('short ones go as they are', async () => {
    for (const output of [
      rows(60),
      [rows(60)],
      { list: rows(60), numbers: Array(5000).fill(1) },
      {},
      [],
      null,
      'text',
    ])
      assert.deepEqual(await sent(output), {
        whole: output,
        pieces: [JSON.stringify(output).length],
      });
  });

  test('others get their turn between two parts', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++);
    const seen: number[] = [];
    await sendParts(
      rows(5000),
      () => seen.push(turns),
      () => true,
    );
    clearInterval(timer);
    assert.ok(new Set(seen).size > seen.length / 2, seen.join());
  });

  test('what comes later is weighed when its turn comes', async () => {
    let weighed = 0;
    const row = {
      get text() {
        weighed++;
        return 'x'.repeat(1000);
      },
    };
    const seen: number[] = [];
    await sendParts(
      Array(1000).fill(row),
      () => seen.push(weighed),
      () => true,
    );
    assert.ok(seen[0]! < 80 && weighed === 1000, `${seen.join()}; ${weighed}`);
  });

  test('nothing more is sent when nobody waits any more', async () => {
    let sends = 0;
    await sendParts(
      { first: rows(1000), second: rows(1000) },
      () => sends++,
      () => sends < 2,
    );
    assert.equal(sends, 2);
  });
});
