import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';
import { graphKey } from '../../core/graph/canonical.ts';
import { template } from '../../core/graph/templates.ts';
import { checkLabFile } from '../../core/store/file/check.ts';
import { checkFolder } from '../../core/store/file/folder.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { migrations } from '../../core/store/file/migrations.ts';
import { migrate } from '../../core/store/file/migrate.ts';
import { APPLICATION_ID, schemaOf } from '../../core/store/file/schema.ts';
import { openSqlite, type Sqlite, type Value } from '../../core/store/sqlite.ts';
import { wireDecision } from '../../core/study/decision.ts';
import {
  AT,
  dml,
  joined,
  metrics,
  newCheckpoint,
  newStudy,
  newTrial,
} from '../contract/samples.ts';

const folder = realpathSync.native(mkdtempSync(join(tmpdir(), 'ktg-open-')));
after(() => {
  rmSync(folder, { recursive: true });
});
let count = 0;
const newFile = (): string => join(folder, `${count++}.ktg`);

void describe('opening a lab file', () => {
  void test('what was written is there again, and the file is left in order', () => {
    const file = newFile();
    const first = openLabFile(file);
    const study = first.addStudy(newStudy());
    first.close();
    first.close();
    const second = openLabFile(file);
    assert.deepEqual(second.studies(), [study]);
    assert.deepEqual(second.place, {
      file,
      heldBy: null,
      readOnly: false,
      schema: migrations.length,
    });
    second.close();
    assert.ok(!existsSync(`${file}-wal`));
  });

  void test('a second lab on the file reads, says who writes, and may write when the first is gone', () => {
    const file = newFile();
    const first = openLabFile(file);
    const study = first.addStudy(newStudy());
    const second = openLabFile(file);
    assert.equal(second.place.readOnly, true);
    assert.equal(second.place.heldBy!.pid, process.pid);
    assert.deepEqual(second.studies(), [study]);
    assert.throws(() => second.addStudy(newStudy()), { code: 'store.read-only' });
    second.close();
    const third = openLabFile(file);
    assert.equal(third.place.readOnly, true);
    third.close();
    first.close();
    const fourth = openLabFile(file);
    assert.equal(fourth.place.readOnly, false);
    fourth.close();
  });

  void test('two labs that name the same file by different ways meet at its lock', () => {
    const file = newFile();
    symlinkSync(file, `${file}-link`);
    const refused = { code: 'store.cannot-open' };
    assert.throws(() => openLabFile(`${file}-link`), refused, 'a link that leads nowhere yet');
    const first = openLabFile(file);
    symlinkSync(folder, `${file}-folder`);
    for (const way of [`${file}-link`, join(`${file}-folder`, basename(file))]) {
      const second = openLabFile(way);
      assert.deepEqual([second.place.readOnly, second.place.file], [true, file]);
      second.close();
    }
    first.close();
    linkSync(file, `${file}-twin`);
    for (const way of [file, `${file}-twin`]) assert.throws(() => openLabFile(way), refused);
    rmSync(`${file}-twin`);
    openLabFile(file).close();
  });

  void test('the right to write of a killed process is free at once', async () => {
    const file = newFile();
    const child = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { openLabFile } from ${JSON.stringify(new URL('../../core/store/file/lab-file.ts', import.meta.url).href)};
         const store = openLabFile(${JSON.stringify(file)});
         store.setSetting('mark', 1);
         process.stdout.write('open');
         setInterval(() => undefined, 1000);`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(child.stdout, 'data');
    const beside = openLabFile(file);
    assert.equal(beside.place.heldBy!.pid, child.pid);
    beside.close();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = openLabFile(file);
    assert.equal(store.place.readOnly, false);
    assert.equal(store.setting('mark'), 1);
    store.close();
  });

  void test('refuses what is no lab file, and leaves it as it is', () => {
    const text = newFile();
    writeFileSync(text, 'this is a text of some length, and certainly not a database\n'.repeat(20));
    const before = readFileSync(text);
    assert.throws(() => openLabFile(text), { code: 'store.foreign-file' });
    assert.deepEqual(readFileSync(text), before);

    const foreign = newFile();
    const other = openSqlite(foreign);
    other.execute('CREATE TABLE trials (id INTEGER)');
    other.close();
    const bytes = readFileSync(foreign);
    assert.throws(() => openLabFile(foreign), { code: 'store.foreign-file' });
    assert.deepEqual(readFileSync(foreign), bytes);

    for (const options of [{}, { readOnly: true }]) {
      assert.throws(() => openLabFile(folder, options), {
        code: 'store.cannot-open',
        message: /is a folder/,
      });
      assert.throws(() => openLabFile('/dev/null', options), { code: 'store.cannot-open' });
    }
    assert.ok(!existsSync('/dev/null.lock'));
    assert.throws(() => openLabFile(join(folder, 'no', 'such', 'lab.ktg')), {
      code: 'store.cannot-open',
    });
    assert.throws(() => openLabFile(join(folder, 'none.ktg'), { readOnly: true }), {
      code: 'store.cannot-open',
    });
  });

  void test('the check says what is wrong with a damaged file, also where it does not open any more', () => {
    const file = newFile();
    const store = openLabFile(file);
    const { id } = store.addStudy(newStudy());
    for (let number = 0; number < 200; number++) store.addRun(newTrial(id, number));
    store.close();
    const whole = readFileSync(file);
    truncateSync(file, whole.length >> 1);
    assert.ok(checkLabFile(file).length > 0);
    writeFileSync(file, whole);

    const page = 4096;
    const schema = openSqlite(file, { readOnly: true });
    const tables = schema.all<{ root: number }>(
      `SELECT rootpage AS root FROM sqlite_schema WHERE type = 'table' AND name IN ('run', 'graph', 'attempt')`,
    );
    schema.close();
    const spoilt = Buffer.from(whole);
    for (const { root } of tables) spoilt.fill(7, (root - 1) * page, root * page);
    writeFileSync(file, spoilt);
    const problems = checkLabFile(file);
    assert.ok(
      problems.length > 2 && problems.every((problem) => problem !== ''),
      problems.join('\n'),
    );
    // The schema, too: no lab opens it, and it is not sent round in a circle.
    writeFileSync(file, spoilt.fill(7, page));
    assert.throws(() => openLabFile(file), { code: 'store.damaged', next: /backup/ });
    assert.match(checkLabFile(file).join('\n'), /the file is damaged/);

    const text = newFile();
    writeFileSync(text, 'no database at all, and long enough to be looked at\n'.repeat(100));
    assert.throws(() => checkLabFile(text), { code: 'store.foreign-file' });
  });

  void test('the check finds a run whose graph is not that of its key', async () => {
    const file = newFile();
    const store = openLabFile(file);
    const { id } = store.addStudy(newStudy());
    const run = store.addRun(newTrial(id, 0));
    assert.deepEqual(await store.check(), []);
    store.close();
    const database = openSqlite(file);
    database.run(
      'UPDATE graph SET text = ?',
      JSON.stringify(template('independent', ['resnet8', 'resnet8'])),
    );
    database.close();
    assert.deepEqual(checkLabFile(file), [`run ${run.id} has a graph that does not match its key`]);
  });

  void test('a lab that looks on does not take the graphs of removed studies for those of new ones', async () => {
    const file = newFile();
    const store = openLabFile(file);
    const first = store.addStudy(newStudy());
    store.addRun(newTrial(first.id, 0));
    const beside = openLabFile(file);
    assert.deepEqual(beside.runs()[0]!.graph, dml);
    await store.removeStudy(first.id);
    const second = store.addStudy(newStudy());
    const graph = template('kd', ['resnet8', 'wrn-10-1']);
    store.addRun(newTrial(second.id, 0, { graph, key: graphKey(graph) }));
    assert.deepEqual(beside.runs()[0]!.graph, graph);
    beside.close();
    store.close();
  });

  void test('a read-only folder is said, whether the lab in it is to be used or only looked at', async () => {
    const locked = join(folder, 'locked');
    mkdirSync(locked);
    openLabFile(join(locked, 'lab.ktg')).close();
    chmodSync(join(locked, 'lab.ktg'), 0o644);
    chmodSync(folder, 0o755);
    chmodSync(locked, 0o555);
    try {
      for (const [name, options, code] of [
        ['new.ktg', {}, 'store.read-only-folder'],
        ['lab.ktg', {}, 'store.read-only-folder'],
        ['lab.ktg', { readOnly: true }, 'store.read-only-folder'],
      ] as const)
        assert.equal(
          await refusalOf(join(locked, name), options),
          code,
          `${name} ${JSON.stringify(options)}`,
        );
    } finally {
      chmodSync(locked, 0o700);
    }
  });

  void test('network file systems are refused by their kind', () => {
    assert.throws(
      () => {
        checkFolder(join(folder, 'lab.ktg'), () => 0x6969);
      },
      {
        code: 'store.network-folder',
      },
    );
    assert.throws(
      () => {
        checkFolder(join(folder, 'lab.ktg'), () => 0xff534d42);
      },
      {
        code: 'store.network-folder',
      },
    );
    checkFolder(join(folder, 'lab.ktg'), () => 0xef53);
  });

  void test('a full disk fails the change and nothing else', async () => {
    const file = newFile();
    const store = openLabFile(file);
    const { id } = store.addStudy(newStudy());
    const run = store.addRun(newTrial(id, 0));
    store.addEpoch(run.id, metrics(1));
    const first = await store.saveCheckpoint(newCheckpoint(run.id, 1), AT);
    store.close();

    // SQLite's own limit stands in for the disk's: the error and its handling are the same.
    const limited = openSqlite(file);
    const pages = limited.value<number>('PRAGMA page_count')!;
    limited.execute(`PRAGMA max_page_count = ${pages + 20}`);
    assert.throws(
      () =>
        limited.run(
          'INSERT INTO checkpoint_chunk VALUES (?, 99, ?)',
          first.id,
          new Uint8Array(300_000),
        ),
      { code: 'store.disk-full' },
    );
    assert.throws(
      () =>
        limited.transaction(() => {
          limited.run('UPDATE run SET epoch = 77');
          limited.run(
            'INSERT INTO checkpoint_chunk VALUES (?, 99, ?)',
            first.id,
            new Uint8Array(300_000),
          );
        }),
      { code: 'store.disk-full' },
    );
    limited.close();
    const again = openLabFile(file);
    assert.equal(again.run(run.id).epoch, 1);
    assert.equal((await joined(again.readCheckpoint(first.id))).length, first.bytes);
    assert.deepEqual(await again.check(), []);
    again.close();
  });

  void test('another program’s lock is waited for, then said', () => {
    const file = newFile();
    const store = openLabFile(file);
    store.close();
    const other = openSqlite(file);
    other.execute('BEGIN IMMEDIATE');
    const second = openSqlite(file, { busySeconds: 0.05 });
    assert.throws(() => second.run(`INSERT INTO setting VALUES ('a', '1')`), {
      code: 'store.busy',
    });
    second.close();
    other.close();
  });

  void test('what an interrupted save or import left is erased, and space is given back', async () => {
    const file = newFile();
    const store = openLabFile(file);
    const { id } = store.addStudy(newStudy(), 'hidden');
    const run = store.addRun(newTrial(id, 0));
    await store.saveCheckpoint(newCheckpoint(run.id, 1, 3_000_000), AT);
    store.close();
    const database = openSqlite(file);
    database.run(
      `INSERT INTO checkpoint (run, epoch, purpose, bytes, sha256, created_at, state)
         VALUES (NULL, 1, 'resume', 10, '', 0, 'saving')`,
    );
    database.close();

    const again = openLabFile(file);
    assert.throws(() => again.study(id), { code: 'store.unknown-study' });
    await again.compact();
    assert.deepEqual([again.runs(), again.checkpoints()], [[], []]);
    assert.deepEqual(await again.check(), []);
    assert.ok(again.sizes().total < 500_000, `${again.sizes().total} bytes`);
    assert.equal(again.sizes().free, 0);
    again.close();
  });

  void test('a backup is a whole lab, made beside running work, and never overwrites', async () => {
    const store = openLabFile(newFile());
    const { id } = store.addStudy(newStudy());
    const run = store.addRun(newTrial(id, 0));
    const saving = store.saveCheckpoint(newCheckpoint(run.id, 1, 3_000_000), AT);
    const copy = newFile();
    await store.backup(copy);
    await saving;
    await assert.rejects(store.backup(copy), { code: 'store.file-exists' });
    const second = openLabFile(copy);
    assert.deepEqual(second.studies(), store.studies());
    assert.deepEqual(await second.check(), []);
    second.close();
    store.close();
    assert.ok(!readdirSync(folder).some((name) => name.endsWith('.part')));
  });
});

const NOBODY = 65_534;

/**
 * The code with which a lab file does not open for somebody without special rights: root may write
 * anywhere. Rights are dropped once all is loaded, as the checkout may lie where only root may
 * read.
 */
async function refusalOf(file: string, options: { readOnly?: boolean }): Promise<string> {
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { openLabFile } from ${JSON.stringify(new URL('../../core/store/file/lab-file.ts', import.meta.url).href)};
       openLabFile(${JSON.stringify(newFile())}).close();
       if (process.getuid?.() === 0) for (const drop of [() => process.setgroups([]), () => process.setgid(${NOBODY}), () => process.setuid(${NOBODY})]) drop();
       try { openLabFile(${JSON.stringify(file)}, ${JSON.stringify(options)}).close(); console.log('opened'); }
       catch (error) { console.log(error.code); }`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const said = await text(child.stdout);
  return said.trim();
}

/** Decisions of a kept lab as their rows have them, with the numbers of their reasons. */
function decisionsOf(file: string) {
  const database = openSqlite(file);
  const rows = database.all<Record<string, unknown>>('SELECT * FROM decision ORDER BY arrival');
  database.close();
  return rows.map((row) => {
    const { reason, rank_limit: limit = null, arrival: _arrival, go, ...columns } = row;
    const none = { rank: null, limit, median: null };
    if (reason === undefined) return { ...none, ...columns, go: go === 1 };
    const { kind: _kind, ...numbers } = JSON.parse(reason as string) as { kind: string };
    return { ...none, ...numbers, ...columns, go: go === 1 };
  });
}

void describe('schemas', () => {
  const steps = [...migrations, 'ALTER TABLE study ADD COLUMN later TEXT'];

  void test('a newer file is refused and not changed', () => {
    const file = newFile();
    openLabFile(file).close();
    const database = openSqlite(file);
    database.execute('PRAGMA user_version = 99');
    database.close();
    assert.throws(() => openLabFile(file), { code: 'store.newer-schema' });
    assert.throws(() => openLabFile(file, { readOnly: true }), { code: 'store.newer-schema' });
  });

  void test('a step takes a copy first, keeps all content and counts up', () => {
    const file = newFile();
    const store = openLabFile(file);
    const study = store.addStudy(newStudy());
    store.close();
    const database = openSqlite(file);
    const copy = migrate(database, file, steps)!;
    assert.equal(schemaOf(database, file, steps.length), steps.length);
    assert.equal(database.value('SELECT later FROM study'), null);
    database.close();
    assert.throws(() => openLabFile(file), { code: 'store.newer-schema' });
    const before = openLabFile(copy);
    assert.deepEqual(before.studies(), [study]);
    before.close();
  });

  void test('a step that fails changes nothing', () => {
    const file = newFile();
    openLabFile(file).close();
    const database = openSqlite(file);
    assert.throws(() =>
      migrate(database, file, [...migrations, 'CREATE TABLE more (id INTEGER); NONSENSE']),
    );
    assert.throws(
      () =>
        migrate(database, file, [
          ...migrations,
          `INSERT INTO attempt (run, number, slot, from_epoch, started_at) VALUES (77, 1, 's', 0, 0)`,
        ]),
      /FOREIGN KEY|store.migration-failed|references/,
    );
    assert.equal(schemaOf(database, file), migrations.length);
    assert.equal(database.value(`SELECT count(*) FROM sqlite_schema WHERE name = 'more'`), 0);
    database.close();
  });

  void test('a step that fails also undoes the steps before it, and the refusal says so', () => {
    const file = newFile();
    openLabFile(file).close();
    const database = openSqlite(file);
    const brokenReference = `INSERT INTO attempt (run, number, slot, from_epoch, started_at)
      VALUES (77, 1, 's', 0, 0)`;
    assert.throws(() => migrate(database, file, [...steps, brokenReference]), {
      code: 'store.migration-failed',
      message:
        `${file}: the step to schema ${migrations.length + 2} left 1 broken references, first in ` +
        `attempt; the file stays at schema ${migrations.length}.`,
    });
    assert.equal(schemaOf(database, file), migrations.length);
    assert.throws(() => database.value('SELECT later FROM study'), /no such column/);
    database.close();
  });

  void test('a copy made before is never overwritten', () => {
    const file = newFile();
    openLabFile(file).close();
    writeFileSync(`${file}.schema-${migrations.length}.backup`, 'mine');
    const database = openSqlite(file);
    assert.equal(migrate(database, file, steps), `${file}.schema-${migrations.length}.backup-2`);
    database.close();
    assert.equal(readFileSync(`${file}.schema-${migrations.length}.backup`, 'utf8'), 'mine');
  });

  // Kept databases of every released schema; see test/fixtures/store/README.md.
  const kept = join(import.meta.dirname, '../fixtures/store');
  const olderLabs = migrations.slice(1).map((_, index) => `schema-${index + 1}.ktg`);
  for (const name of readdirSync(kept).filter((each) => each.endsWith('.ktg'))) {
    void test(`a lab of ${name} opens with everything in it`, async () => {
      const file = newFile();
      copyFileSync(join(kept, name), file);
      const before = decisionsOf(file);
      assert.deepEqual(checkLabFile(file), []);
      const store = openLabFile(file);
      assert.deepEqual(await store.check(), []);
      const [study] = store.studies();
      assert.equal(study!.name, 'Kept');
      const runs = store.runs({ study: study!.id, kind: 'trial' });
      assert.equal(runs.length, study!.plan.trials);
      const decisions = store.decisions({ study: study!.id }).map(wireDecision);
      assert.ok(decisions.length > 0);
      assert.deepEqual(
        decisions.map(({ reason: _reason, ...flat }) => flat),
        before,
      );
      assert.equal(
        store.curves({ study: study!.id }).length,
        runs.filter((run) => run.epoch > 0).length,
      );
      assert.ok(store.reruns().length > 0 && store.allPretrained().length > 0);
      for (const { id, bytes } of store.checkpoints())
        assert.equal((await joined(store.readCheckpoint(id))).length, bytes);
      store.close();
    });
  }

  for (const name of olderLabs)
    test(`a lab of ${name} is read without being changed, from a copy that goes`, () => {
      const home = mkdtempSync(join(tmpdir(), 'ktg-old-'));
      const before = process.env.TMPDIR;
      process.env.TMPDIR = home; // where the copy is made
      try {
        const file = join(home, 'lab.ktg');
        copyFileSync(join(kept, name), file);
        const bytes = readFileSync(file);
        const store = openLabFile(file, { readOnly: true });
        const copies = (): string[] => readdirSync(home).filter((each) => /^ktg-lab-/.test(each));
        const [folder, ...others] = copies();
        assert.deepEqual([others, statSync(join(home, folder!)).mode & 0o077], [[], 0]);
        assert.equal(statSync(join(home, folder!, 'lab.sqlite')).mode & 0o077, 0);
        assert.deepEqual([store.place.file, store.place.readOnly], [file, true]);
        const [study] = store.studies();
        assert.equal(store.runs({ study: study!.id, kind: 'trial' }).length, study!.plan.trials);
        assert.throws(() => store.setSetting('x', 1), { code: 'store.read-only' });
        store.close();
        assert.deepEqual(copies(), []);
        assert.ok(readFileSync(file).equals(bytes));
      } finally {
        if (before === undefined) delete process.env.TMPDIR;
        else process.env.TMPDIR = before;
        rmSync(home, { recursive: true });
      }
    });

  test('a migration that is killed leaves no half copy under the name of a whole one', () => {
    const file = newFile();
    copyFileSync(join(kept, 'schema-1.ktg'), file);
    chmodSync(file, 0o644);
    const copy = `${file}.schema-1.backup`;
    const left = `${copy}.0-1.part`;
    writeFileSync(left, 'half of a copy');
    const database = openSqlite(file);
    const names: string[] = [];
    const slow = new Proxy(database, {
      get(target, key: keyof Sqlite) {
        if (key !== 'run') return target[key];
        return (sql: string, ...values: Value[]) => {
          names.push(String(values[0]));
          return target.run(sql, ...values);
        };
      },
    });
    assert.equal(migrate(slow, file), copy);
    database.close();
    assert.match(names[0]!, /\.part$/, 'it has another name until it is whole');
    assert.deepEqual([existsSync(left), existsSync(names[0]!)], [false, false]);
    assert.equal(statSync(copy).mode & 0o077, 0, 'others may not read it');
    openLabFile(copy).close();
  });

  void test('from schema 1 on, numbers of graphs are never used again; who asked for a pretraining is guessed', () => {
    const file = newFile();
    copyFileSync(join(kept, 'schema-1.ktg'), file);
    const database = openSqlite(file);
    database.run(`UPDATE run SET study = NULL WHERE kind = 'pretrain'`);
    migrate(database, file);
    const last = database.value<number>('SELECT max(id) FROM graph')!;
    assert.equal(database.value(`SELECT seq FROM sqlite_sequence WHERE name = 'graph'`), last);
    assert.deepEqual(database.all('SELECT DISTINCT asked FROM pretrained'), [{ asked: 1 }]);
    assert.deepEqual(database.all('SELECT DISTINCT dismissed FROM run'), [{ dismissed: 0 }]);
    // References are checked again after a step that could not have them checked.
    assert.throws(() => database.run('DELETE FROM graph WHERE id = ?', last), /FOREIGN KEY/);
    database.close();
  });

  test('a decision whose reason is damaged hides no other, and the check names it', () => {
    const file = newFile();
    copyFileSync(join(kept, `schema-${migrations.length}.ktg`), file);
    const database = openSqlite(file);
    const count = database.value<number>('SELECT count(*) FROM decision')!;
    const damages = ['no JSON', '{"kind":"toss","n":1}', '{"kind":"asha","n":"1"}', 'null'];
    for (const [index, reason] of damages.entries())
      database.run(`UPDATE decision SET reason = ? WHERE arrival = ?`, reason, index + 1);
    database.close();
    const store = openLabFile(file);
    const [study] = store.studies();
    assert.equal(store.decisions({ study: study!.id }).length, count - damages.length);
    store.close();
    const problems = checkLabFile(file);
    assert.equal(problems.length, damages.length, problems.join('\n'));
    assert.ok(problems.every((problem) => problem.startsWith('decision ')));
  });

  void test('there is a kept lab of every schema', () => {
    assert.deepEqual(
      readdirSync(kept)
        .filter((name) => name.endsWith('.ktg'))
        .sort(),
      migrations.map((_, index) => `schema-${index + 1}.ktg`),
    );
  });
});

void test('the mark of lab files never changes', () => {
  assert.equal(APPLICATION_ID, 0x4b54474c);
});
