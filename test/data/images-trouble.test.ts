/** Own images while disks, links, permissions and other processes are in the way. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { nodeProgram } from '../../core/base/node-program.ts';
import type { Dataset } from '../../core/data/dataset.ts';
import { decodedFolder } from '../../core/data/images/cache-index.ts';
import { decodedSets, removeDecoded } from '../../core/data/images/cache.ts';
import { openDataset } from '../../core/data/resolve.ts';
import { zipOf } from '../train/torch-files.ts';
import { halves, photographs, put } from './photographs.ts';
import { temporaryFolder } from './support.ts';

const reader = fileURLToPath(new URL('./read-images.ts', import.meta.url));
const GREY = [90, 90, 90];

async function setIn(t: TestContext): Promise<{ root: string; home: string }> {
  const folder = await temporaryFolder(t);
  return { root: join(folder, 'photos'), home: join(folder, 'home') };
}

const specOf = (root: string): string => `images:side=32,path=${root}`;
const open = async (root: string, home: string): Promise<Dataset> =>
  openDataset(specOf(root), { folder: home });
const leftOut = ({ leftOut: { files } = { count: 0, files: [] } }: Dataset): string[] =>
  files.map(({ file, why }) => `${file} ${why}`);

interface Read {
  readonly identity: string;
  readonly leftOut: number;
  readonly decoded: number;
}

function start(t: TestContext, root: string, home: string): ChildProcess {
  const child = spawn(nodeProgram(), [reader, specOf(root), home], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

async function readBy(child: ChildProcess): Promise<Read> {
  let text = '';
  for await (const chunk of child.stdout! as AsyncIterable<Buffer>) text += chunk.toString();
  return JSON.parse(text.trim().split('\n').at(-1)!) as Read;
}

describe('decoding', () => {
  test('of one set by two processes happens once, and both get it', async (t) => {
    const { root, home } = await setIn(t);
    await photographs(root, 60);
    const found = await Promise.all([1, 2].map(async () => readBy(start(t, root, home))));
    assert.equal(found[0]!.identity, found[1]!.identity);
    assert.equal(found.filter(({ decoded }) => decoded > 0).length, 1);
    assert.equal(readdirSync(decodedFolder(home)).length, 2, 'no part, no lock');
  });

  test('of one set twice in this process happens once', async (t) => {
    const { root, home } = await setIn(t);
    await photographs(root, 20);
    let decoded = 0;
    const sets = await Promise.all(
      [1, 2].map(async () => {
        let told = false;
        return openDataset(specOf(root), {
          folder: home,
          onProgress: ({ phase }) => {
            if (phase !== 'decode' || told) return;
            told = true;
            decoded++;
          },
        });
      }),
    );
    assert.ok(Buffer.from(sets[0]!.images).equals(sets[1]!.images));
    assert.equal(decoded, 1);
  });

  test('that is killed leaves nothing that is taken for the set, nor in its way', async (t) => {
    const { root, home } = await setIn(t);
    await photographs(root, 150);
    const child = start(t, root, home);
    await new Promise((resolve) => child.stdout!.once('data', resolve));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    const key = readdirSync(decodedFolder(home))[0]!.slice(0, 32);
    // as a process that is killed later leaves them
    for (const part of [`${key}.images.x.part`, `${key}.json.x.part`])
      writeFileSync(join(decodedFolder(home), part), Buffer.alloc(999));
    const { trainCount, testCount } = await open(root, home);
    assert.equal(trainCount + testCount, 450);
    assert.equal(readdirSync(decodedFolder(home)).length, 2, 'no part, no lock');
  });

  test('ends at once when the folder goes meanwhile, and goes on when it is back', async (t) => {
    const { root, home } = await setIn(t);
    await photographs(root, 60);
    const opened = openDataset(specOf(root), {
      folder: home,
      onProgress: () => {
        if (existsSync(join(root, 'red-green')))
          renameSync(join(root, 'red-green'), join(root, '../away'));
      },
    });
    await assert.rejects(opened, { code: 'data.changed', message: /red-green\/\d+\.jpg is gone/ });
    assert.deepEqual(readdirSync(decodedFolder(home)), []);
    renameSync(join(root, '../away'), join(root, 'red-green'));
    const set = await open(root, home);
    assert.deepEqual([set.trainCount + set.testCount, set.leftOut?.count], [180, 0]);
    rmSync(root, { recursive: true });
    await assert.rejects(open(root, home), { code: 'data.not-found' });
  });

  test('names links, special files and folders too deep, and reads links to files', async (t) => {
    const { root, home } = await setIn(t);
    const image = await halves(20, 16, [GREY, GREY]);
    for (const group of ['a', 'b']) put(root, `train/${group}/1.jpg`, image);
    put(root, '../outside/2.jpg', image);
    put(root, `train/a/${'x/'.repeat(8)}deep.jpg`, image);
    symlinkSync('../../../outside/2.jpg', join(root, 'train/a/link.jpg'));
    symlinkSync('/etc/passwd', join(root, 'train/a/passwd.jpg'));
    for (const name of ['.git', '..dots']) put(root, `train/${name}/1.jpg`, image);
    symlinkSync('nowhere.jpg', join(root, 'train/a/broken.jpg'));
    symlinkSync('..', join(root, 'train/a/circle'));
    symlinkSync('../../outside', join(root, 'train/c'));
    if (process.platform !== 'win32') execFileSync('mkfifo', [join(root, 'train/b/pipe.jpg')]);
    const set = await open(root, home);
    assert.equal(set.trainCount + set.testCount, 3);
    const found = leftOut(set).join('\n');
    for (const expected of [
      /^train\/a\/broken\.jpg is a link that leads to no file/m,
      /^train\/a\/circle is a link to a folder, which is not followed/m,
      /^train\/c is a link to a folder/m,
      /^train\/\.\.dots is a hidden folder/m,
      /^train\/b\/pipe\.jpg is no regular file/m,
      /^train\/a\/passwd\.jpg holds no JPEG, PNG or WebP image/m,
      /^train\/a(\/x)+ is a folder inside 8 others/m,
    ])
      assert.match(found, expected);
    assert.doesNotMatch(found, /root:/);
    const names = ['train/a/1.jpg', 'train/b/1.jpg', 'train/.x/y/1.jpg', '__MACOSX/train/._1.jpg'];
    put(root, '../set.zip', zipOf(names.map((name) => ({ name, data: image }))));
    assert.deepEqual(leftOut(await open(join(root, '../set.zip'), home)), [
      'train/.x is a hidden folder, because its name begins with a dot',
    ]);
  });

  const withoutBytes =
    process.platform === 'linux' ? false : 'NOT TESTED: names are always UTF-8 on this system.';
  test('names folders and files whose names are not UTF-8', { skip: withoutBytes }, async (t) => {
    const { root, home } = await setIn(t);
    const image = await halves(20, 16, [GREY, GREY]);
    for (const group of ['a', 'b', 'caf\u{FFFD}']) put(root, `train/${group}/1.jpg`, image);
    const inLatin1 = (path: string): Buffer => Buffer.from(join(root, path), 'latin1');
    mkdirSync(inLatin1('train/caf\xe9'));
    writeFileSync(inLatin1('train/caf\xe9/1.jpg'), image);
    writeFileSync(inLatin1('train/a/\xfcber.jpg'), image);
    const set = await open(root, home);
    assert.deepEqual(set.classNames, ['a', 'b', 'caf\u{FFFD}']);
    assert.deepEqual(leftOut(set), [
      'train/a/\\xFCber.jpg has a name that is not UTF-8',
      'train/caf\\xE9 has a name that is not UTF-8',
    ]);
  });

  const withoutPipes = process.platform === 'win32' ? 'NOT TESTED: no pipes in folders.' : false;
  test('of a pipe in place of an archive is refused', { skip: withoutPipes }, async (t) => {
    const { home } = await setIn(t);
    mkdirSync(home);
    const pipe = join(home, 'set.zip');
    execFileSync('mkfifo', [pipe]);
    await assert.rejects(open(pipe, home), {
      code: 'data.unreadable',
      message: /set\.zip is neither a file nor a folder/,
    });
  });

  const isRoot = process.getuid?.() === 0;
  const withoutUsers = isRoot ? false : 'NOT TESTED: only root can become another user.';
  test(
    'leaves out a file without permission until it may be read',
    { skip: withoutUsers },
    async (t) => {
      const { root, home } = await setIn(t);
      await photographs(root, 5);
      chmodSync(join(root, '..'), 0o777);
      mkdirSync(home);
      chmodSync(home, 0o777);
      await open(root, home); // loads the decoder as root
      chmodSync(join(root, 'blue/1.jpg'), 0);
      rmSync(decodedFolder(home), { recursive: true });
      process.seteuid!(65_534);
      t.after(() => {
        process.seteuid!(0);
      });
      assert.deepEqual(leftOut(await open(root, home)), [
        'blue/1.jpg cannot be read: this user has no permission',
      ]);
      process.seteuid!(0);
      chmodSync(join(root, 'blue/1.jpg'), 0o644);
      assert.deepEqual(leftOut(await open(root, home)), []);
    },
  );

  test('of large images, one after the other, gives their pixels', async (t) => {
    const { root, home } = await setIn(t);
    const large = await sharp({
      create: { width: 5200, height: 5000, channels: 3, background: '#345' },
    })
      .jpeg({ progressive: true }) // all of its pixels are needed at once
      .toBuffer();
    for (const place of ['a/1.jpg', 'b/2.jpg']) put(root, `train/${place}`, large);
    put(root, 'train/a/cut.jpg', large.subarray(0, -5000));
    const { trainCount, images, leftOut: faults } = await open(root, home);
    assert.deepEqual([trainCount, faults?.files[0]?.file], [2, 'train/a/cut.jpg']);
    for (const [at, value] of [0x33, 0x44, 0x55].entries())
      assert.ok(Math.abs(images[at]! - value) <= 2, String(images[at]));
  });
});

/** A folder on a disk of so many kilobytes; null where this process may not mount one. */
function smallDisk(t: TestContext, kilobytes: number): string | null {
  const disk = mkdtempSync(join(tmpdir(), 'ktg-disk-'));
  try {
    const size = `size=${kilobytes}k`;
    execFileSync('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    rmSync(disk, { recursive: true });
    return null;
  }
  t.after(() => {
    execFileSync('umount', ['-l', disk]);
    rmSync(disk, { recursive: true });
  });
  return disk;
}

describe('decoded images on the disk', () => {
  test('say before they are made that they have no room, and while they are written', async (t) => {
    const { root, home } = await setIn(t);
    await photographs(root, 60); // 553 kB of pixels
    const disk = smallDisk(t, 300);
    if (disk === null) {
      t.skip('NOT TESTED: this process may not mount a small disk.');
      return;
    }
    let decoded = false;
    const opened = openDataset(specOf(root), {
      folder: disk,
      onProgress: () => {
        decoded = true;
      },
    });
    await assert.rejects(opened, {
      code: 'data.no-space',
      message: /they need 0\.6 MB, and 0\.3 MB are free/,
    });
    assert.ok(!decoded, 'nobody waits for it');
    execFileSync('mount', ['-o', 'remount,size=900k', disk]);
    const filled = openDataset(specOf(root), {
      folder: disk,
      onProgress: () => {
        writeFileSync(join(disk, 'others'), Buffer.alloc(600_000));
      },
    });
    await assert.rejects(filled, { code: 'data.no-space' });
    assert.deepEqual(readdirSync(decodedFolder(disk)), []);
    rmSync(join(disk, 'others'));
    assert.equal((await open(root, disk)).identity, (await open(root, home)).identity);
  });

  test('of other pixels or labels than their identity are made anew', async (t) => {
    const { root, home } = await setIn(t);
    await photographs(root, 5);
    const first = await open(root, home);
    const name = readdirSync(decodedFolder(home)).find((each) => each.endsWith('.images'))!;
    const path = join(decodedFolder(home), name);
    const whole = readFileSync(path);
    const labels = first.images.length;
    const damages: ((bytes: Buffer) => unknown)[] = [
      (bytes) => bytes.fill(9, 0, labels / 2),
      (bytes) => (bytes[labels - 1]! ^= 1),
      (bytes) => bytes.writeInt32LE((first.labels[0]! + 1) % 3, labels),
      (bytes) => bytes.writeInt32LE(first.labels[0]! + 256, labels),
    ];
    for (const damage of damages) {
      const bytes = Buffer.from(whole);
      damage(bytes);
      writeFileSync(path, bytes);
      const { images, labels: again } = await open(root, home);
      assert.ok(Buffer.from(images).equals(first.images), 'pixels');
      assert.deepEqual([...again], [...first.labels]);
      assert.ok(readFileSync(path).equals(whole), 'and the kept ones');
    }
  });

  test('are listed with their size and the places that they are of, and leave whole', async (t) => {
    const { root, home } = await setIn(t);
    assert.deepEqual(await decodedSets(home), []);
    await photographs(root, 3);
    await open(root, home);
    const moved = `${root}-moved`;
    renameSync(root, moved);
    await open(moved, home); // equal files: the same decoded set
    const [set, ...others] = await decodedSets(home);
    assert.deepEqual(others, []);
    assert.deepEqual([set!.places, set!.side], [[root, moved], 32]);
    assert.ok(set!.bytes > 9 * 32 * 32 * 3);
    writeFileSync(join(decodedFolder(home), `${set!.key}.images.x.part`), '1234');
    assert.equal((await decodedSets(home))[0]!.bytes, set!.bytes + 4);
    await removeDecoded(home, set!.key);
    assert.deepEqual(readdirSync(decodedFolder(home)), []);
    assert.equal((await open(moved, home)).trainCount, 7);
  });
});
