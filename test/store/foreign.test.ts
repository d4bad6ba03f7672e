import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { checkLabFile } from '../../core/store/file/check.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { migrations } from '../../core/store/file/migrations.ts';
import { openSqlite } from '../../core/store/sqlite.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import { newStudy, newTrial } from '../contract/samples.ts';
import { scriptedLab } from '../lab/support.ts';

const folder = realpathSync.native(mkdtempSync(join(tmpdir(), 'ktg-foreign-')));
after(() => {
  rmSync(folder, { recursive: true });
});
let count = 0;
const newFile = (): string => join(folder, `${count++}.ktg`);

/** A lab of three studies with two trials each, changed by another program. */
function changedLab(...statements: string[]): string {
  const file = newFile();
  const store = openLabFile(file);
  for (const name of ['One', 'Two', 'Three']) {
    const { id } = store.addStudy(newStudy(name));
    for (const number of [0, 1]) store.addRun(newTrial(id, number));
  }
  store.setSetting('settings', { theme: 'dark' });
  store.close();
  const database = new Database(file);
  database.pragma('ignore_check_constraints = ON');
  database.pragma('foreign_keys = OFF');
  for (const statement of statements) database.exec(statement);
  database.close();
  return file;
}

void describe('a lab file whose schema another program has changed', () => {
  const endless = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT`;
  const changes: [what: string, ...statements: string[]][] = [
    [
      'a view in place of a table, which would never end',
      'DROP TABLE log',
      `CREATE VIEW log AS ${endless} i AS id, 0 AS at, 'info' AS level, 1 AS study, 1 AS run, 'x' AS text FROM n`,
    ],
    [
      'a trigger that runs at opening',
      `CREATE TRIGGER t AFTER INSERT ON setting BEGIN DELETE FROM study; END`,
    ],
    ['a table more', 'CREATE TABLE more (id INTEGER)'],
    ['an index less', 'DROP INDEX run_key'],
    ['a table without its constraints', 'ALTER TABLE log ADD COLUMN more TEXT'],
  ];
  for (const [what, ...statements] of changes)
    void test(`is refused, whoever opens it, and nothing in it runs: ${what}`, () => {
      const file = changedLab(...statements);
      const before = readFileSync(file);
      for (const options of [{}, { readOnly: true }])
        assert.throws(() => openLabFile(file, options), { code: 'store.foreign-schema' });
      assert.throws(() => checkLabFile(file), { code: 'store.foreign-schema' });
      assert.deepEqual(readFileSync(file), before);
    });

  void test('may have SQLite’s own statistics', () => {
    openLabFile(changedLab('ANALYZE')).close();
  });

  void test('of each released schema is compared with what the migrations make', () => {
    const kept = join(import.meta.dirname, '../fixtures/store');
    for (const [index] of migrations.entries()) {
      const file = newFile();
      copyFileSync(join(kept, `schema-${index + 1}.ktg`), file);
      const database = new Database(file);
      database.exec('CREATE TRIGGER t AFTER UPDATE ON checkpoint BEGIN DELETE FROM study; END');
      database.close();
      assert.throws(() => openLabFile(file), { code: 'store.foreign-schema' });
    }
  });

  void test('is opened with untrusted functions and checked pages', () => {
    const database = openSqlite(newFile());
    assert.equal(database.value('PRAGMA trusted_schema'), 0);
    assert.equal(database.value('PRAGMA cell_size_check'), 1);
    database.close();
  });
});

void describe('a lab file with rows that no lab has written', () => {
  const rows: [what: string, statement: string][] = [
    ['a plan that is no JSON', `UPDATE study SET plan = 'nonsense' WHERE id = 2`],
    ['the plan of another', `UPDATE study SET plan = '{"a":1}' WHERE id = 2`],
    ['a problem of another', `UPDATE study SET problem = '[1]' WHERE id = 2`],
    ['a state that there is not', `UPDATE study SET state = '__proto__' WHERE id = 2`],
  ];
  for (const [what, statement] of rows)
    void test(`shows the other studies and names the bad one: ${what}`, async () => {
      const store = openLabFile(changedLab(statement));
      assert.deepEqual(
        store.studies().map(({ name }) => name),
        ['One', 'Three'],
      );
      assert.throws(() => store.study(2), { code: 'store.damaged', message: /^study 2 / });
      const lab = scriptedLab({}, store);
      const cards = await lab.request('studies.list', {});
      assert.equal(cards.length, 2);
      const problems = (await store.check()).join('\n');
      assert.match(problems, /study/);
      await lab.close();
    });

  void test('shows the other trials', async () => {
    const file = changedLab(
      `UPDATE graph SET text = '{"nodes":[]}' WHERE id = (SELECT graph FROM run WHERE id = 1)`,
      `UPDATE run SET failure = 'no JSON' WHERE id = 3`,
    );
    const lab = scriptedLab({}, openLabFile(file));
    for (const study of [1, 2]) {
      const { rows: found } = await lab.request('trials.query', { study });
      assert.deepEqual(
        found.map(({ number }) => number),
        [1],
      );
      assert.equal((await lab.request('studies.open', { study })).trials.length, 1);
    }
    await assert.rejects(lab.request('runs.open', { run: 1 }), { code: 'store.damaged' });
    await lab.close();
    const problems = checkLabFile(file).join('\n');
    assert.match(problems, /graph 1 of the lab file cannot be read/);
    assert.match(problems, /run 3 of the lab file cannot be read/);
  });

  void test('opens with usual settings in place of nonsense', async () => {
    for (const value of ['no JSON', '[1]', '{"theme":"evil","notifications":false}']) {
      const file = changedLab(
        `UPDATE setting SET value = '${value}' WHERE name = 'settings'`,
        `INSERT INTO setting VALUES ('imported', '{"1":7}'), ('data-sets', '{"a":1}')`,
      );
      const lab = scriptedLab({}, openLabFile(file));
      const settings = await lab.request('settings.get', {});
      assert.equal(settings.theme, 'system');
      assert.equal(settings.notifications, !value.startsWith('{'));
      assert.equal((await lab.request('studies.list', {})).length, 3);
      assert.ok((await lab.request('data.list', {})).length > 0);
      await lab.close();
    }
  });
});

void describe('files beside a lab file', () => {
  void test('are not made beside what is refused', () => {
    for (const make of [
      (file: string) => {
        writeFileSync(file, 'a text, and long enough to be looked at\n'.repeat(100));
      },
      (file: string) => {
        new Database(file).exec('CREATE TABLE t (id INTEGER)').close();
      },
      (file: string) => {
        openLabFile(file).close();
        rmSync(`${file}.lock`);
        const database = new Database(file);
        database.pragma('user_version = 99');
        database.close();
      },
    ]) {
      const file = newFile();
      make(file);
      assert.throws(() => openLabFile(file), /store|lab file|another program|schema/);
      assert.ok(!existsSync(`${file}.lock`));
    }
  });

  void test('of a name that a backup used to take are left alone', async () => {
    const store = openLabFile(newFile());
    const copy = newFile();
    writeFileSync(`${copy}.part`, 'mine');
    await store.backup(copy);
    store.close();
    assert.equal(readFileSync(`${copy}.part`, 'utf8'), 'mine');
    assert.deepEqual(
      readdirSync(folder).filter((name) => /[0-9a-f]{8}-.*part$/.test(name)),
      [],
    );
    openLabFile(copy).close();
  });

  void test(
    'and the file may be read by their user only',
    { skip: process.platform === 'win32' },
    async () => {
      const file = newFile();
      const store = openLabFile(file);
      store.addStudy(newStudy());
      const modes = ['', '-wal', '-shm', '.lock'].map(
        (end) => statSync(`${file}${end}`).mode & 0o777,
      );
      assert.deepEqual(modes, [0o600, 0o600, 0o600, 0o600]);
      await store.backup(`${file}-copy`);
      assert.equal(statSync(`${file}-copy`).mode & 0o777, 0o600);
      store.close();
    },
  );

  void test('a store in memory has no trouble with its place', () => {
    assert.equal(openMemoryStore().trouble(), null);
  });
});
