import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { newStudy } from '../contract/samples.ts';
import { cli, ktg, startKtg } from '../e2e/ktg.ts';

const folder = mkdtempSync(join(tmpdir(), 'ktg-lost-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
let count = 0;
const newFile = (): string => join(folder, `lab-${count++}.sqlite`);

const endless = [
  '--data',
  'synthetic:train=160,test=100',
  '--nodes',
  '1',
  '--trials',
  '50000',
  '--epochs',
  '1',
  '--duplicates',
  'train',
  '--slots',
  '1',
];

void describe('a search whose lab file disappeared', () => {
  void test('ends with 1 after a deletion and leaves the content in a copy', async () => {
    const file = newFile();
    const search = startKtg(file, 'search', ...endless);
    await search.line((line) => line.startsWith('Study 1'));
    rmSync(file);
    const { code, err } = await search.ended;
    assert.equal(code, 1, err);
    assert.match(err, /was deleted while this lab had it open/);
    assert.match(err, /Its content up to that moment is in .*\.rescued/);
    const copy = openLabFile(`${file}.rescued`);
    assert.equal(copy.studies().length, 1);
    copy.close();
  });

  void test('ends with 1 after a move; the moved file can be resumed', async () => {
    const file = newFile();
    const search = startKtg(file, 'search', ...endless);
    await search.line((line) => line.startsWith('Study 1'));
    renameSync(file, `${file}-moved`);
    const { code, err } = await search.ended;
    assert.equal(code, 1, err);
    assert.match(err, /was moved.* while this lab had it open/);
    const moved = openLabFile(`${file}-moved`);
    assert.deepEqual([moved.place.readOnly, moved.studies().length], [false, 1]);
    assert.deepEqual(await moved.check(), []);
    moved.close();
  });
});

void describe('the command line', () => {
  void test('escapes control characters of foreign text', async () => {
    const file = newFile();
    const store = openLabFile(file);
    store.addStudy({ ...newStudy('Foreign'), notes: 'a\u001b[31mred\u009b2J\u0007' });
    store.close();
    for (const args of [['show'], ['list'], ['status'], ['show', '--json'], ['list', '--json']]) {
      const { out, err } = await ktg(file, ...args);
      assert.doesNotMatch(
        `${out}${err}`.replaceAll('\n', ''),
        /[\p{Cc}\p{Bidi_Control}]/u,
        args.join(' '),
      );
    }
    assert.match((await ktg(file, 'show')).out, /a\\x1b\[31mred\\x9b2J\\x07/);
    const wrong = await ktg(file, 'show', 'no\u001b[2Jsuch');
    assert.match(wrong.err, /no\\x1b\[2Jsuch/);
  });

  void test('prints an unexpected error in one line, and its stack with KTG_DEBUG=1', () => {
    const broken = `data:text/javascript,import { parseArgs } from 'node:util';
      JSON.stringify = () => { throw new TypeError('broken'); };`;
    const ended = (debug: string) =>
      spawnSync(
        process.execPath,
        ['--import', broken, cli, 'graph', 'show', 'dml', '--as', 'json'],
        {
          env: { ...process.env, KTG_DEBUG: debug, NODE_TEST_CONTEXT: undefined },
          encoding: 'utf8',
        },
      );
    const plain = ended('');
    assert.equal(plain.status, 1);
    assert.match(plain.stderr, /^ktg: Unexpected error: broken\.\n.*KTG_DEBUG=1.*\n$/);
    assert.match(ended('1').stderr, /TypeError: broken\n\s+at /);
  });

  void test('refuses an empty lab name and a lab with a foreign schema', async () => {
    const none = await ktg(newFile(), 'list', '--lab', '');
    assert.deepEqual([none.code, /--lab names no file/.test(none.err)], [2, true]);
    const file = newFile();
    openLabFile(file).close();
    const database = new Database(file);
    database.exec('CREATE TRIGGER t AFTER INSERT ON log BEGIN DELETE FROM study; END');
    database.close();
    for (const verb of [['list'], ['search', ...endless], ['db', 'check'], ['db', 'vacuum']]) {
      const { code, err } = await ktg(file, ...verb);
      assert.equal(code, 1, err);
      assert.match(err, /"t" is not part of a lab/);
    }
  });

  void test(
    'makes the folder of the default lab private to the user',
    { skip: process.platform === 'win32' },
    () => {
      const home = join(folder, 'home');
      const file = join(folder, 'none.ktg-study');
      const env = {
        ...process.env,
        KTG_HOME: home,
        KTG_LAB: undefined,
        NODE_TEST_CONTEXT: undefined,
      };
      spawnSync(process.execPath, [cli, 'import', file], { env });
      assert.ok(existsSync(join(home, 'lab.sqlite')));
      assert.equal(statSync(home).mode & 0o777, 0o700);
      assert.equal(statSync(join(home, 'lab.sqlite')).mode & 0o777, 0o600);
    },
  );
});
