import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { LabApi } from '../../core/lab/api.ts';
import { type LabLine, connectLab } from '../../core/connection/channel.ts';
import { portPair } from '../../core/connection/port.ts';
import { serveLab } from '../../core/connection/serve-lab.ts';
import { connectLocalSocket, listenOnLocalSocket } from '../../core/connection/local-socket.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import { scriptedLab } from '../lab/support.ts';

const folder = mkdtempSync(join(tmpdir(), 'ktg-test-'));
const file = join(folder, 'lab.sqlite');
after(() => {
  rmSync(folder, { recursive: true });
});

/** A lab whose answers are given. */
const answering = (answer: (input: unknown) => unknown): LabApi => ({
  request: (async (_name: string, input: unknown) => Promise.resolve(answer(input))) as never,
  subscribe: () => () => undefined,
});

const MiB = 1 << 20;

describe('an answer that no connection carries', () => {
  const waysTo: [string, (lab: LabApi) => Promise<[LabLine, () => void]>][] = [
    [
      'a pair of ports',
      async (lab) => {
        const [ours, theirs] = portPair();
        serveLab(lab, ours);
        return Promise.resolve([connectLab(theirs), () => undefined]);
      },
    ],
    [
      'the local socket',
      async (lab) => {
        const leave = await listenOnLocalSocket(lab, file);
        return [(await connectLocalSocket(file))!, leave];
      },
    ],
  ];
  for (const [name, open] of waysTo)
    test(`is refused over ${name}, which goes on`, async () => {
      const large: unknown[] = [
        { text: 'x'.repeat(31 * MiB) },
        { list: ['x', 'y'.repeat(31 * MiB)] },
        ['\u0000'.repeat(6 * MiB)],
        { text: '\u20ac'.repeat(11 * MiB) },
      ];
      const [line, leave] = await open(
        answering((input) =>
          typeof input === 'number' ? large[input] : { text: 'x'.repeat(29 * MiB) },
        ),
      );
      for (const at of large.keys())
        await assert.rejects(line.api.request('settings.get', at as never), {
          code: 'lab.answer-too-large',
        });
      const { text } = (await line.api.request('settings.get', {})) as unknown as { text: string };
      assert.equal(text.length, 29 * MiB);
      line.close();
      await line.closed;
      leave();
    });
});

describe('too many requests at once', () => {
  test('only those beyond the limit are refused', async () => {
    const held: (() => void)[] = [];
    const hold = async (): Promise<unknown> => {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      held.push(() => {
        resolve({});
      });
      return promise;
    };
    const [ours, theirs] = portPair();
    serveLab(answering(hold), ours);
    const line = connectLab(theirs);
    const asked = Array.from({ length: 256 }, async () => line.api.request('lab.status', {}));
    await assert.rejects(line.api.request('lab.status', {}), { code: 'lab.too-many-requests' });
    for (const answer of held) answer();
    assert.equal((await Promise.all(asked)).length, 256);
    const last = line.api.request('lab.status', {});
    while (held.length < 257) await new Promise(setImmediate);
    held.at(-1)!();
    await last;
    line.close();
  });
});

describe('a line at the local socket', () => {
  test('that is longer than any request ends its connection, and nothing else', async () => {
    const lab = scriptedLab();
    const leave = await listenOnLocalSocket(lab, file);
    for (const ending of ['', '\n']) {
      const socket = connect(`${file}.sock`);
      socket.on('error', () => undefined);
      const closed = new Promise((resolve) => socket.on('close', resolve));
      let sent = 0;
      const more = (): void => {
        if (sent > 64 * MiB) socket.destroy();
        if (socket.destroyed) return;
        sent += MiB;
        socket.write(`${'x'.repeat(MiB)}${sent > 3 * MiB ? ending : ''}`, more);
      };
      more();
      await closed;
      assert.ok(sent < 32 * MiB, `${sent} bytes were taken`);
    }
    const line = (await connectLocalSocket(file))!;
    assert.equal((await line.api.request('lab.status', {})).readOnly, false);
    line.close();
    await line.closed;
    leave();
    await lab.close();
  });
});

describe('input that is nested deeper than anything that can be written down', () => {
  test('is refused in words', async () => {
    const bugs: unknown[] = [];
    const lab = scriptedLab();
    const [ours, theirs] = portPair();
    let hear: (message: unknown) => void = () => undefined;
    const onMessage = (listener: typeof hear): void => void (hear = listener);
    serveLab(lab, { ...ours, onMessage }, (bug) => bugs.push(bug));
    const answered = new Promise<unknown>((resolve) => {
      theirs.onMessage(resolve);
    });
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const request = `{"type":"request","id":1,"name":"settings.set","input":{"view":{"a":${deep}}}}`;
    hear(JSON.parse(request));
    const { type, code } = (await answered) as { type: string; code: string };
    assert.deepEqual([type, code, bugs], ['refusal', 'lab.bad-input', []]);
    ours.close();
    await lab.close();
  });
});

describe('a lab file whose screens remember more than they may', () => {
  test('forgets that at opening, and keeps its other settings', async () => {
    const store = openMemoryStore();
    store.setSetting('settings', { theme: 'dark', view: { a: 'x'.repeat(40 * MiB) } });
    const lab = scriptedLab({}, store);
    const { theme, view } = await lab.request('settings.get', {});
    assert.deepEqual([theme, view], ['dark', {}]);
    await lab.close();
  });
});
