import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connectLab } from '../../core/connection/channel.ts';
import { type Port, portPair } from '../../core/connection/port.ts';
import { serveLab } from '../../core/connection/serve-lab.ts';
import { type Part, Parts, PartSender } from '../../core/connection/parts.ts';
import type { LabApi } from '../../core/lab/api.ts';

/** So many rows of about a many characters. */
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
  const rest = await new PartSender().send(1, output, send, () => true);
  return { whole: parts.joinedWith(cross(rest)), pieces };
}

describe('long answers', () => {
  test('arrive as they were, in pieces of some tens of manys of characters', async () => {
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
    await new PartSender().send(
      1,
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
    await new PartSender().send(
      1,
      Array(1000).fill(row),
      () => seen.push(weighed),
      () => true,
    );
    assert.ok(seen[0]! < 80 && weighed === 1000, `${seen.join()}; ${weighed}`);
  });

  test('nothing more is sent when nobody waits any more', async () => {
    let sends = 0;
    await new PartSender().send(
      1,
      { first: rows(1000), second: rows(1000) },
      () => sends++,
      () => sends < 2,
    );
    assert.equal(sends, 2);
  });
});

describe('parts of a long answer', () => {
  const many = rows(20_000);

  /** Serves a lab whose answers are long, and gives the other end of its port. */
  function served(): Port {
    const [ours, theirs] = portPair();
    const lab = {
      request: async () => Promise.resolve(many),
      subscribe: () => () => undefined,
    } as unknown as LabApi;
    serveLab(lab, ours);
    return theirs;
  }
  const ask = (port: Port, id: number): void => {
    port.post({ type: 'request', id, name: 'studies.list', input: {} });
  };
  interface Heard {
    type: string;
    id: number;
    index: number;
    items: unknown[];
  }

  test('wait for a reader that acknowledges late, and all of them arrive', async () => {
    const port = served();
    let held: (() => void)[] = [];
    let most = 0;
    let slow = false;
    let count = 0;
    const answered = Promise.withResolvers<undefined>();
    port.onMessage((raw) => {
      const { type, id, index, items } = raw as Heard;
      if (type === 'answer' && id === 1) {
        slow = true;
        ask(port, 2);
      } else if (type === 'answer') answered.resolve(undefined);
      if (type !== 'part') return;
      const take = (): void => {
        port.post({ type: 'part-taken', id, index });
      };
      if (!slow) {
        take();
        return;
      }
      count += items.length;
      held.push(take);
      most = Math.max(most, held.length);
    });
    port.onClose(() => undefined);
    ask(port, 1);
    const timer = setInterval(() => {
      const waiting = held;
      held = [];
      for (const take of waiting) take();
    }, 200);
    await answered.promise;
    clearInterval(timer);
    assert.equal(count, many.length);
    assert.ok(most <= 64, `${most} parts came before one was acknowledged`);
    port.close();
  });

  test('all go to a reader of version 0.1.0, which acknowledges nothing', async () => {
    const port = served();
    let count = 0;
    const answered = Promise.withResolvers<undefined>();
    port.onMessage((raw) => {
      const { type, items } = raw as Heard;
      if (type === 'part') count += items.length;
      else answered.resolve(undefined);
    });
    port.onClose(() => undefined);
    ask(port, 1);
    await answered.promise;
    assert.equal(count, many.length);
    port.close();
  });

  test('of a lab of version 0.1.0 are not acknowledged: it would close the connection', async () => {
    const [lab, reader] = portPair();
    const heard: string[] = [];
    lab.onClose(() => undefined);
    lab.onMessage((raw) => {
      const { type, id } = raw as Heard;
      heard.push(type);
      lab.post({ type: 'part', id, name: null, items: [1, 2] });
      lab.post({ type: 'part', id, name: null, items: [3] });
      lab.post({ type: 'answer', id, output: [] });
    });
    const line = connectLab(reader);
    assert.deepEqual(await line.api.request('studies.list', {}), [1, 2, 3]);
    await new Promise(setImmediate);
    assert.deepEqual(heard, ['request']);
    line.close();
    await line.closed;
  });

  test('out of order end the connection instead of making a wrong answer', async () => {
    const [lab, reader] = portPair();
    lab.onClose(() => undefined);
    lab.onMessage((raw) => {
      const { id } = raw as Heard;
      lab.post({ type: 'part', id, name: null, items: [1], index: 1 });
      lab.post({ type: 'answer', id, output: [] });
    });
    const line = connectLab(reader);
    await assert.rejects(line.api.request('studies.list', {}), { code: 'lab.unreachable' });
    await line.closed;
  });

  test('that wait for room end when the request is aborted', async () => {
    const ended = Promise.withResolvers<undefined>();
    const sender = new PartSender();
    sender.taken(0, 0);
    let sent = 0;
    let awaited = true;
    void sender
      .send(
        1,
        many,
        () => sent++,
        () => awaited,
      )
      .then(() => {
        ended.resolve(undefined);
      });
    while (sent < 64) await new Promise(setImmediate);
    awaited = false;
    sender.end(1);
    await ended.promise;
    assert.equal(sent, 64);
  });
});
