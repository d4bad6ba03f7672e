import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, test } from 'node:test';
import type { LabError } from '../../core/base/errors.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { openSqlite } from '../../core/store/sqlite.ts';
import type { Store } from '../../core/store/store.ts';
import { newStudy } from '../contract/samples.ts';

const folder = realpathSync.native(mkdtempSync(join(tmpdir(), 'ktg-place-')));
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});
let count = 0;
const newFile = (): string => join(folder, `${count++}.ktg`);

/**
 * Another process that has a lab file open and writes to it without end; says once what it meets.
 */
async function holderOf(file: string): Promise<ChildProcess & { heard: AsyncIterator<string> }> {
  const module = new URL('../../core/store/file/lab-file.ts', import.meta.url).href;
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { openLabFile } from ${JSON.stringify(module)};
       const store = openLabFile(${JSON.stringify(file)});
       let n = 0;
       store.setSetting('count', n);
       console.log('open');
       const timer = setInterval(() => {
         try { store.setSetting('count', ++n); }
         catch (error) { console.log(error.code); clearInterval(timer); setInterval(() => undefined, 1000); }
       }, 5);`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  children.push(child);
  const heard = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  assert.equal((await heard.next()).value, 'open');
  return Object.assign(child, { heard });
}

const troubleOf = async (store: Store): Promise<LabError> =>
  new Promise((resolve) => {
    // Nothing else keeps the test's process alive.
    const alive = setInterval(() => undefined, 1000);
    store.onTrouble((trouble) => {
      clearInterval(alive);
      resolve(trouble);
    });
  });

const change = (file: string, sql: string): void => {
  const database = openSqlite(file);
  database.execute(sql);
  database.close();
};

void describe('a lab file that is moved while it is open', () => {
  void test('opens read-only under its new name, in the same process', () => {
    const file = newFile();
    const first = openLabFile(file);
    const study = first.addStudy(newStudy());
    renameSync(file, `${file}-moved`);
    const second = openLabFile(`${file}-moved`);
    assert.equal(second.place.readOnly, true);
    assert.equal(second.place.heldBy!.pid, process.pid);
    assert.throws(() => second.addStudy(newStudy()), { code: 'store.read-only' });
    second.close();
    first.close();
    const third = openLabFile(`${file}-moved`);
    assert.equal(third.place.readOnly, false);
    assert.deepEqual(third.studies(), [study], 'nothing is lost');
    third.close();
  });

  void test('opens read-only under its new name, in another folder and by a link, in another process', async () => {
    const file = newFile();
    const child = await holderOf(file);
    mkdirSync(`${file}-folder`);
    const now = join(`${file}-folder`, 'other.ktg');
    renameSync(file, now);
    symlinkSync(now, `${file}-link`);
    for (const way of [now, `${file}-link`]) {
      const beside = openLabFile(way);
      assert.deepEqual([beside.place.readOnly, beside.place.heldBy!.pid], [true, child.pid]);
      beside.close();
    }
    assert.equal((await child.heard.next()).value, 'store.moved', 'the writer notices');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = openLabFile(now);
    assert.equal(store.place.readOnly, false, 'its holder has ended');
    assert.ok((store.setting('count') as number) >= 0);
    assert.deepEqual(await store.check(), []);
    store.close();
  });

  void test('opens read-only also when its lock was removed', async () => {
    const file = newFile();
    const child = await holderOf(file);
    rmSync(`${file}.lock`);
    const beside = openLabFile(file);
    assert.deepEqual([beside.place.readOnly, beside.place.heldBy!.pid], [true, child.pid]);
    beside.close();
    child.kill('SIGKILL');
    await once(child, 'exit');
    openLabFile(file).close();
  });

  void test('is whole at once, takes no more changes and can be copied from its writer', async () => {
    const file = newFile();
    const store = openLabFile(file);
    const study = store.addStudy(newStudy());
    const heard = troubleOf(store);
    renameSync(file, `${file}-moved`);
    assert.equal((await heard).code, 'store.moved');
    assert.throws(() => store.addStudy(newStudy()), { code: 'store.moved', next: /backup/ });
    assert.throws(() => store.transaction(() => 1), { code: 'store.moved' });
    // As after a power cut now: the log of the former name is not needed.
    copyFileSync(`${file}-moved`, `${file}-cut`);
    const cut = openLabFile(`${file}-cut`);
    assert.deepEqual(cut.studies(), [study]);
    cut.close();
    await store.backup(`${file}-copy`);
    await assert.rejects(store.backup(`${file}-copy`), { code: 'store.file-exists' });
    const copy = openLabFile(`${file}-copy`);
    assert.deepEqual([copy.place.readOnly, copy.studies()], [false, [study]]);
    copy.close();
    store.close();
    assert.ok(!existsSync(`${file}-wal`), 'its log is not left to another file of this name');
  });

  void test('takes changes again when it is moved back', async () => {
    const file = newFile();
    const store = openLabFile(file);
    const heard = troubleOf(store);
    renameSync(file, `${file}-moved`);
    await heard;
    renameSync(`${file}-moved`, file);
    assert.equal(store.trouble(), null);
    store.addStudy(newStudy());
    store.close();
    const again = openLabFile(file);
    assert.equal(again.studies().length, 1);
    again.close();
  });

  void test('says where it is now', { skip: process.platform !== 'linux' }, () => {
    const file = newFile();
    const store = openLabFile(file);
    renameSync(file, `${file}-moved`);
    assert.match(store.trouble()!.message, new RegExp(`moved to ${file}-moved`));
    store.close();
  });

  void test('is no other file: a second name for it changes nothing', () => {
    const file = newFile();
    const store = openLabFile(file);
    linkSync(file, `${file}-twin`);
    assert.equal(store.trouble(), null);
    store.addStudy(newStudy());
    rmSync(`${file}-twin`);
    store.close();
  });
});

void describe('a lab file that is deleted while it is open', () => {
  void test('is said to be deleted, takes no more changes and can be copied', async () => {
    const file = newFile();
    const store = openLabFile(file);
    const study = store.addStudy(newStudy());
    const heard = troubleOf(store);
    rmSync(file);
    assert.equal((await heard).code, 'store.deleted');
    assert.throws(() => store.addStudy(newStudy()), { code: 'store.deleted', next: /backup/ });
    assert.deepEqual(store.studies(), [study]);
    await store.backup(`${file}-copy`);
    const copy = openLabFile(`${file}-copy`);
    assert.deepEqual(copy.studies(), [study]);
    assert.deepEqual(await copy.check(), []);
    copy.close();
    store.close();
    const next = openLabFile(file);
    assert.deepEqual(next.studies(), [], 'a new file of this name is new');
    next.close();
  });
});

void describe('the note of a holder', () => {
  /** A file whose writer was killed, with its note changed. */
  const fileWithNote = (changed: Record<string, unknown>): string => {
    const file = newFile();
    openLabFile(file).close();
    const note = JSON.stringify({ released: false, ...changed });
    change(file, `UPDATE setting SET value = json_patch(value, '${note}') WHERE name = 'holder'`);
    return file;
  };
  const opensToWrite = (file: string): boolean => {
    const store = openLabFile(file);
    store.close();
    return !store.place.readOnly;
  };

  void test('means nothing when its process has ended, or another has got its number', () => {
    assert.ok(opensToWrite(fileWithNote({ pid: 2 ** 22 + 1 })));
    assert.ok(opensToWrite(fileWithNote({})), 'this very process, for another holding');
    if (process.platform === 'linux')
      assert.ok(opensToWrite(fileWithNote({ pid: process.ppid, started: 'another boot' })));
  });

  void test('means nothing in a copy of the file', async () => {
    const file = newFile();
    await holderOf(file);
    copyFileSync(file, `${file}-copy`);
    assert.ok(opensToWrite(`${file}-copy`));
  });

  void test('of an earlier version, or a stranger’s nonsense, does not keep a lab from opening', () => {
    for (const value of ['{"pid":1,"host":"h","since":0}', '{"pid":"x"}', 'no JSON', '[]']) {
      const file = newFile();
      openLabFile(file).close();
      change(file, `UPDATE setting SET value = '${value}' WHERE name = 'holder'`);
      assert.ok(opensToWrite(file), value);
    }
  });
});
