import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { list, type ReadEntry } from 'tar';
import { readMembers } from '../../../core/data/members.ts';
import { folderAsFile, type Entry, type FolderEntry } from '../../../renderer/client/folder.ts';

const file = (name: string, content: string | null): Entry =>
  ({
    name,
    isDirectory: false,
    file: (done: (file: Blob) => void, failed: (error: Error) => void) => {
      if (content === null) failed(new Error('gone'));
      else done(new Blob([content]));
    },
  }) as Entry;

/** Gives its entries two at a time, as a browser gives a hundred. */
const folder = (name: string, ...entries: Entry[]): FolderEntry => ({
  name,
  isDirectory: true,
  createReader: () => {
    const rest = [...entries];
    return {
      readEntries: (done) => {
        done(rest.splice(0, 2));
      },
    };
  },
});

describe('a dropped folder', () => {
  const place = mkdtempSync(join(tmpdir(), 'ktg-folder-'));
  after(() => {
    rmSync(place, { recursive: true });
  });
  const kept = async (made: File): Promise<string> => {
    const path = join(place, made.name);
    writeFileSync(path, Buffer.from(await made.arrayBuffer()));
    return path;
  };

  test('is an archive that the lab reads', async () => {
    const bytes = 'b'.repeat(1500);
    const made = await folderAsFile(
      folder(
        'cifar',
        file('readme.html', 'x'),
        folder('cifar-100-binary', file('train.bin', bytes), file('empty.txt', '')),
        file('test.bin', 'b'.repeat(512)),
      ),
    );
    assert.equal(made.name, 'cifar.tar');
    const maxBytes = new Map([
      ['train.bin', 9999],
      ['test.bin', 9999],
    ]);
    const members = await readMembers(await kept(made), { maxBytes, maxTotalBytes: 9999 });
    assert.equal(Buffer.from(members.get('train.bin')!.bytes).toString(), bytes);
    assert.equal(members.get('test.bin')!.bytes.length, 512);
  });

  test('keeps names in any language and of any length', async () => {
    const odd = ['ü'.repeat(80), 'x'.repeat(92), 'x'.repeat(93), '-- "a" 🐕', 'قطط', 'a\nb'];
    const path = await kept(
      await folderAsFile(folder('Bücher', ...odd.map((name) => file(`${name}.bin`, name)))),
    );
    const found = new Map<string, number>();
    await list({
      file: path,
      strict: true,
      onReadEntry: (entry: ReadEntry) => void found.set(entry.path, entry.size),
    });
    const expected = odd.map((name) => [`Bücher/${name}.bin`, Buffer.byteLength(name)] as const);
    assert.deepEqual([...found], expected);
  });

  test('that is no data set is refused before it is sent', async () => {
    const part = Array.from({ length: 1000 }, (_, i) => file(`${i}`, ''));
    const many = Array.from({ length: 201 }, (_, i) => folder(`${i}`, ...part));
    await assert.rejects(folderAsFile(folder('home', ...many)), { code: 'files.too-many' });
    await assert.rejects(folderAsFile(folder('data', file('a', null))), {
      code: 'files.unreadable',
    });
  });
});
