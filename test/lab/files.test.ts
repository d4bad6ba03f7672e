import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, mock, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { LabError } from '../../core/base/errors.ts';
import { template } from '../../core/graph/templates.ts';
import { connectLab } from '../../core/connection/channel.ts';
import { portPair } from '../../core/connection/port.ts';
import { serveLab } from '../../core/connection/serve-lab.ts';
import { Files } from '../../core/lab/files.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { scriptedLab } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'ktg-test-'));
const handle = await open(join(folder, 'any'), 'w');
const prototype = Object.getPrototypeOf(handle) as FileHandle;
await handle.close();
after(() => {
  rmSync(folder, { recursive: true });
});
const write = prototype.write as (
  this: FileHandle,
  data: Uint8Array,
  from: number,
  length: number,
  at: number,
) => Promise<{ bytesWritten: number }>;

/** Runs work on a disk that takes at most so many bytes at once, and so many in all. */
async function onDisk(atOnce: number, room: number, work: () => Promise<void>): Promise<void> {
  let left = room;
  const mocked = mock.method(prototype, 'write', async function (
    this: FileHandle,
    data,
    from,
    length,
    at,
  ) {
    const taken = Math.min(length, atOnce, left);
    if (taken === 0 && length > 0)
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), {
        code: 'ENOSPC',
        syscall: 'write',
      });
    left -= taken;
    return write.call(this, data, from, taken, at);
  } as typeof write as never);
  try {
    await work();
  } finally {
    mocked.mock.restore();
  }
}

const content = Buffer.from('0123456789abcdef');

describe('files on their way', () => {
  test('arrive whole where the disk takes them in pieces', async () => {
    const files = new Files();
    await onDisk(5, Infinity, async () => {
      const { upload } = await files.begin('digits', content.length);
      await files.append(upload, 0, content.toString('base64'));
      await files.use({ upload }, async (path) => {
        assert.deepEqual(readFileSync(path), content);
        return Promise.resolve();
      });
      const { download } = await files.offer('digits', 'text/plain', content.toString());
      assert.equal((await files.portion(download, 0)).data, content.toString('base64'));
    });
    await files.close();
  });

  test('that do not fit are refused in words and forgotten, either way', async () => {
    const files = new Files();
    await onDisk(5, 12, async () => {
      const { upload } = await files.begin('digits', content.length);
      const full = { code: 'files.no-space', message: /digits.*no space left/ };
      await assert.rejects(files.append(upload, 0, content.toString('base64')), full);
      await assert.rejects(files.append(upload, 16, ''), { code: 'files.unknown' });
      await assert.rejects(files.offer('digits', 'text/plain', content.toString()), full);
    });
    await files.close();
  });

  test('are refused in words where the folder for temporary files is missing', async () => {
    const { TMPDIR = '' } = process.env;
    process.env.TMPDIR = join(folder, 'missing');
    try {
      const files = new Files();
      const refused = { code: 'files.no-folder', message: new RegExp(join(folder, 'missing')) };
      await assert.rejects(files.begin('digits', 10), refused);
      await assert.rejects(files.offer('digits', 'text/plain', 'x'), refused);
      await files.close();
    } finally {
      process.env.TMPDIR = TMPDIR; // '' counts as unset
    }
  });

  test('are refused before they come where they do not fit beside what others have announced', async () => {
    const files = new Files(async () => Promise.resolve(1000));
    const { upload } = await files.begin('first', 600);
    await assert.rejects(files.begin('second', 600), {
      code: 'files.no-space',
      message: /600 bytes are needed.*400 are free/,
    });
    await files.forget(upload);
    await files.begin('second', 600);
    await files.close();
  });

  test('go with the connection that brought them, or asked for them', async () => {
    process.env.TMPDIR = join(folder, 'temporary');
    mkdirSync(process.env.TMPDIR);
    const lab = scriptedLab();
    const [ours, theirs] = portPair();
    serveLab(lab, ours);
    const line = connectLab(theirs);
    for (let upload = 0; upload < 64; upload++)
      await line.api.request('files.begin', { name: 'never sent', bytes: 10 });
    const lying = (): string[] =>
      readdirSync(process.env.TMPDIR!, { recursive: true, encoding: 'utf8' });
    assert.equal(lying().length, 65);
    line.close();
    await line.closed;
    while (lying().length > 1) await turn();
    await lab.request('files.begin', { name: 'of another', bytes: 10 });
    await lab.close();
    delete process.env.TMPDIR;
  });

  test('are not made ready for who has gone', async () => {
    const files = new Files();
    const gone = new AbortController();
    let parts = 0;
    const endless = function* (): Generator<Uint8Array> {
      for (;;) {
        if (++parts === 3) gone.abort();
        yield content;
      }
    };
    await assert.rejects(files.offer('endless', 'text/plain', endless(), gone.signal), {
      name: 'AbortError',
    });
    assert.equal(parts, 3);
    await files.close();
  });
});

describe('a copy of the lab file', () => {
  const file = join(folder, 'named.sqlite');

  test('is fetched like any file, sound and under the name of the lab', async () => {
    const lab = scriptedLab({}, openLabFile(file));
    const graph = template('dml', ['resnet8', 'resnet8']);
    await lab.request('graphs.save', { name: 'Kept', graph });
    const { download, name, bytes } = await lab.request('lab.copy', {});
    assert.match(name, /^named-\d{4}-\d\d-\d\d\.sqlite$/);
    const parts: Buffer[] = [];
    for (let offset = 0; offset < bytes; offset += parts.at(-1)!.length) {
      const { data } = await lab.request('files.read', { download, offset });
      parts.push(Buffer.from(data, 'base64'));
    }
    await lab.request('files.forget', { file: download });
    await assert.rejects(lab.request('files.read', { download, offset: 0 }), {
      code: 'files.unknown',
    });
    await lab.close();
    const copy = join(folder, name);
    writeFileSync(copy, Buffer.concat(parts));
    const store = openLabFile(copy, { readOnly: true });
    assert.equal(store.savedGraphs()[0]?.name, 'Kept');
    store.close();
  });

  test('is refused where it has no room, before it is made', async () => {
    const files = new Files(async () => Promise.resolve(1000));
    let made = 0;
    const make = async (): Promise<void> => Promise.resolve(void made++);
    const offered = files.offerMade('lab', 'x', 1001, make);
    await assert.rejects(offered, { code: 'files.no-space', message: /1001 bytes are needed/ });
    assert.equal(made, 0);
    await files.close();
  });

  test('of a lab in memory is refused in words', async () => {
    const lab = scriptedLab();
    await assert.rejects(lab.request('lab.copy', {}), { code: 'store.no-file' });
    await lab.close();
  });
});

describe(
  'paths that are no file',
  { skip: process.platform === 'win32' && 'no such paths' },
  () => {
    const pipe = join(folder, 'pipe');
    const data = join(folder, 'data');

    test('are refused before anybody waits for them', async () => {
      execFileSync('mkfifo', [pipe]);
      mkdirSync(data);
      execFileSync('mkfifo', [join(data, 'train.bin')]);
      const lab = scriptedLab();
      for (const path of [pipe, '/dev/zero']) {
        const file = { path };
        for (const work of [
          lab.request('studies.import', { file }),
          lab.request('data.add', { file }),
        ])
          await assert.rejects(work, { code: 'files.no-file' }, path);
        await assert.rejects(lab.request('data.samples', { data: path, count: 1 }), {
          code: 'data.unreadable',
        });
      }
      await assert.rejects(lab.request('data.add', { file: { path: data } }), {
        code: 'data.unreadable',
      });
      await lab.close();
    });

    const noProc = process.platform !== 'linux' && 'no /proc';
    test(
      'are refused where the system calls them files, but they have no size',
      { skip: noProc },
      async () => {
        const lab = scriptedLab();
        const path = '/proc/kmsg';
        const inFolder = join(folder, 'odd');
        mkdirSync(inFolder);
        for (const name of ['train.bin', 'test.bin']) symlinkSync(path, join(inFolder, name));
        for (const work of [
          lab.request('studies.import', { file: { path } }),
          lab.request('data.add', { file: { path } }),
        ])
          await assert.rejects(work, { code: 'files.empty' });
        for (const data of [path, inFolder])
          await assert.rejects(lab.request('data.samples', { data, count: 1 }), LabError);
        await lab.close();
      },
    );
  },
);
