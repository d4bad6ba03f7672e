import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { LabError } from '../../core/base/errors.ts';
import { paperSpace, withGates } from '../../core/graph/space.ts';
import { addRerun } from '../../core/search/repeat.ts';
import { checkLabFile } from '../../core/store/file/check.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import type { Store } from '../../core/store/store.ts';
import { exportStudy } from '../../core/store/transfer/export.ts';
import { importStudy } from '../../core/store/transfer/import.ts';
import { joined } from '../contract/samples.ts';
import { scriptedLab } from '../search/lab.ts';

const folder = mkdtempSync(join(tmpdir(), 'ktg-transfer-'));
after(() => {
  rmSync(folder, { recursive: true });
});

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size)
    yield await Promise.resolve(bytes.subarray(start, start + size));
}

const anyFrozen = withGates(paperSpace(2, 'resnet8', ['resnet8', 'wrn-10-1']), 0, 2, [
  'cutoff',
  'through',
]);

/** A lab whose first study is not the exported one, so that ids and places in the file differ. */
async function labWithStudy(): Promise<{ store: Store; study: number }> {
  const { store, scheduler, until, study } = scriptedLab({
    checkpointEach: 3,
    mishap: (job, epoch) => {
      if (job.graph.nodes.length === 1) return undefined;
      if (job.run % 5 === 0 && epoch === 2 && job.attempt === 1) return 'crash';
      return job.run % 7 === 0 && epoch === 3 ? 'nan' : undefined;
    },
  });
  const other = study({ trials: 3, space: { ...anyFrozen, frozen: false } });
  scheduler.resume({ study: other.id });
  await until(() => store.study(other.id).state === 'completed');
  const { id } = study({ trials: 30, space: anyFrozen, seed: 11 });
  scheduler.resume({ study: id });
  await until(() => store.study(id).state === 'completed');
  const best = store.runs({ study: id, states: ['completed'] })[0]!;
  scheduler.pin(store.runs({ study: id, states: ['stopped'] })[0]!.id, true);
  const rerun = addRerun(
    store,
    {
      name: 'best',
      graph: best.graph,
      study: id,
      trial: best.number,
      seeds: 2,
      baseSeed: 1,
      baselines: ['kd'],
      training: best.training,
      retries: 2,
      priority: 0,
    },
    1,
  );
  scheduler.resume({ rerun: rerun.id });
  await until(() => store.rerun(rerun.id).state === 'completed');
  await scheduler.close('save');
  return { store, study: id };
}

const exported = (store: Store, study: number, weights = true): Promise<Uint8Array> =>
  joined(exportStudy(store, study, { weights }));

/** A study file of these lines with the hash that belongs to them. */
function withHash(lines: readonly string[]): Buffer {
  const content = lines.map((line) => `${line}\n`).join('');
  const end = createHash('sha256').update(content).digest('hex');
  return Buffer.from(`${content}{"end":"${end}"}\n`);
}

type Mutation = (lines: readonly string[], line: number, leaf: number) => string[];

/** What takes the place of some value of a record. */
const HOSTILE: readonly unknown[] = [
  ...[null, true, '', '../../etc/passwd', 'x'.repeat(30_000), [], {}, ['a'], { a: 1 }],
  ...[0, -1, 0.5, 7, 2 ** 31, 2 ** 53, 1e300],
];

/** Replaces the leaf-th value of a JSON text. */
function replaced(text: string, leaf: number, value: unknown): string {
  let count = 0;
  JSON.parse(text, (_key, part: unknown) => (count++, part));
  let at = 0;
  return JSON.stringify(
    JSON.parse(text, (_key, part: unknown) => (at++ === leaf % count ? value : part)),
  );
}

const MUTATIONS: readonly Mutation[] = [
  ...HOSTILE.map(
    (value): Mutation =>
      (lines, line, leaf) =>
        lines.with(line, replaced(lines[line]!, leaf, value)),
  ),
  // A value of another line of the file, a line twice, a line less, two lines exchanged.
  (lines, line, leaf) => lines.with(line, replaced(lines[line]!, leaf, leaf % 40)),
  (lines, line) => lines.toSpliced(line, 0, lines[line]!),
  (lines, line) => lines.toSpliced(line, 1),
  (lines, line, leaf) =>
    lines.with(line, lines[leaf % lines.length]!).with(leaf % lines.length, lines[line]!),
];

/** Everything that a store says of runs and the like, to see that nothing was left behind. */
const contentOf = (store: Store) => [
  store.studies(),
  store.runs(),
  store.reruns(),
  store.checkpoints(),
  store.allPretrained(),
];

void describe('study files', () => {
  void test('imported and exported again, in any store and in any pieces, a study gives the same bytes', async () => {
    const { store, study } = await labWithStudy();
    for (const weights of [true, false]) {
      const file = await exported(store, study, weights);
      const lab = openLabFile(join(folder, `${weights}.ktg`));
      const inFile = await importStudy(lab, inPieces(file, 1000));
      assert.ok(Buffer.from(await exported(lab, inFile.id, weights)).equals(file));
      assert.deepEqual(await lab.check(), []);
      const memory = openMemoryStore();
      const again = await importStudy(
        memory,
        inPieces(await exported(lab, inFile.id, weights), 1 << 20),
      );
      assert.ok(Buffer.from(await exported(memory, again.id, weights)).equals(file));
      lab.close();
      assert.equal(memory.checkpoints().length > 0, weights);
      assert.deepEqual(memory.study(again.id).plan, store.study(study).plan);
      assert.equal(memory.reruns().length, 1);
    }
  });

  void test('a file of version 1 gives the decisions of the lab that wrote it', async () => {
    const kept = join(import.meta.dirname, '../fixtures/store');
    const file = join(folder, 'kept.ktg');
    copyFileSync(join(kept, 'schema-3.ktg'), file);
    const lab = openLabFile(file);
    const memory = openMemoryStore();
    const bytes = readFileSync(join(kept, 'study-1.ktg-study'));
    const { id } = await importStudy(memory, inPieces(bytes, 1000));
    const decisions = (store: Store, study: number) =>
      store
        .decisions({ study })
        .map(({ run, ...rest }) => ({ ...rest, trial: store.run(run).number }));
    const [study] = lab.studies();
    assert.ok(decisions(lab, study!.id).length > 0);
    assert.deepEqual(decisions(memory, id), decisions(lab, study!.id));
    assert.deepEqual(await exported(memory, id, false), await exported(lab, study!.id, false));
    lab.close();
  });

  void test('what is running is written as waiting, and comes in paused', async () => {
    const { store, runner, scheduler, until, study } = scriptedLab();
    const { id } = study({ trials: 9, space: { ...anyFrozen, frozen: false } });
    scheduler.resume({ study: id });
    await until(() => runner.reports > 5);
    const file = await exported(store, id);
    await scheduler.close('at-once');
    const memory = openMemoryStore();
    const imported = await importStudy(memory, inPieces(file, 500), 'Copy');
    assert.deepEqual([imported.state, imported.name], ['paused', 'Copy']);
    assert.ok(memory.runs({ study: imported.id, states: ['waiting'] }).length > 0);
    assert.deepEqual(memory.runs({ states: ['running'] }), []);
    const next = scriptedLab({}, {}, memory);
    next.scheduler.resume({ study: imported.id });
    await next.until(() => memory.study(imported.id).state === 'completed');
    assert.equal(memory.trialsSoFar(imported.id), 9);
    await next.scheduler.close('save');
  });

  void test('a file that has lost the end of its last line is whole all the same', async () => {
    const { store, study } = await labWithStudy();
    const file = await exported(store, study);
    const memory = openMemoryStore();
    const { id } = await importStudy(memory, inPieces(file.subarray(0, -1), 1000));
    assert.ok(Buffer.from(await exported(memory, id)).equals(Buffer.from(file)));
  });

  void test('a trial that a person has stopped comes in as such', async () => {
    const { store, scheduler, runner, until, study } = scriptedLab();
    const { id } = study({
      trials: 4,
      space: { ...anyFrozen, frozen: false },
      rule: { kind: 'none' },
    });
    scheduler.resume({ study: id });
    await until(() => runner.reports >= 3);
    const [first] = store.runs({ study: id });
    scheduler.stopRun(first!.id, 'now');
    await until(() => store.run(first!.id).state === 'cancelled');
    scheduler.stop({ study: id }, 'now');
    await scheduler.close('save');
    const file = await exported(store, id);
    const lab = openMemoryStore();
    const { id: again } = await importStudy(lab, inPieces(file, 1000));
    assert.deepEqual(
      lab.runs({ study: again, states: ['cancelled'] }).map(({ dismissed }) => dismissed),
      [true, false],
    );
    assert.ok(Buffer.from(await exported(lab, again)).equals(file));
  });

  void test('notes and tags of a study and its trials come in with it', async () => {
    const { store, study } = await labWithStudy();
    const [first] = store.runs({ study });
    store.changeStudy(study, { tags: ['paper'] });
    store.changeRun(first!.id, { notes: 'Diverged\nat epoch 2.', tags: ['bad', 'seed-1'] });
    const file = await exported(store, study);
    const lab = openMemoryStore();
    const { id } = await importStudy(lab, inPieces(file, 1000));
    assert.deepEqual(lab.study(id).tags, ['paper']);
    assert.deepEqual(
      lab
        .runs({ study: id })
        .slice(0, 2)
        .map(({ notes, tags }) => [notes, tags]),
      [
        ['Diverged\nat epoch 2.', ['bad', 'seed-1']],
        ['', []],
      ],
    );
    assert.ok(Buffer.from(await exported(lab, id)).equals(Buffer.from(file)));
  });

  void test('a study that would draw for ever is refused', async () => {
    const { store, study } = await labWithStudy();
    const [head = '', ...rest] = Buffer.from(await exported(store, study, false))
      .toString()
      .trimEnd()
      .split('\n')
      .slice(0, -1);
    const closed = head.replaceAll(/("destination":1,"gates":)\[[^\]]*\]/g, '$1["cutoff"]');
    assert.notEqual(closed, head);
    const lab = openMemoryStore();
    await assert.rejects(importStudy(lab, inPieces(withHash([closed, ...rest]), 1 << 16)), {
      code: 'space.impossible',
    });
    assert.deepEqual(contentOf(lab), contentOf(openMemoryStore()));
  });

  void test('whatever a file says, whose hash is right: it comes in sound, or not at all with a word why', async () => {
    const { store, study } = await labWithStudy();
    const lines = Buffer.from(await exported(store, study, false))
      .toString()
      .trimEnd()
      .split('\n')
      .slice(0, -1);
    const lab = openLabFile(join(folder, 'hostile.ktg'));
    const counts = { taken: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.nat(),
        fc.constantFrom(...MUTATIONS),
        async (line, leaf, mutate) => {
          const changed = mutate(lines, line % lines.length, leaf);
          try {
            const { id } = await importStudy(lab, inPieces(withHash(changed), 1 << 16));
            counts.taken++;
            assert.ok((await exported(lab, id, false)).length > 0);
            assert.deepEqual(checkLabFile(lab.place.file!), []);
            await lab.removeStudy(id);
          } catch (error) {
            assert.ok(error instanceof LabError, String(error));
            assert.ok(error.message !== '' && error.next !== '');
            counts.refused++;
          }
          for (const { id } of lab.reruns()) await lab.removeRerun(id);
          for (const { id } of lab.allPretrained()) lab.removePretrained(id);
          assert.deepEqual(
            [lab.studies(), lab.runs({ kind: 'trial' }), lab.reruns()],
            [[], [], []],
          );
        },
      ),
      { numRuns: 300 },
    );
    assert.ok(counts.taken > 20 && counts.refused > 100, JSON.stringify(counts));
    lab.close();
  });

  void test('a bad record says in words what is wrong with it', async () => {
    const { store, study } = await labWithStudy();
    const [head = '', ...rest] = Buffer.from(await exported(store, study))
      .toString('latin1')
      .split('\n');
    const said = async (record: string): Promise<string> => {
      const bytes = Buffer.from([head, record, ...rest].join('\n'), 'latin1');
      return importStudy(openMemoryStore(), inPieces(bytes, 4096)).then(
        () => '',
        (error: unknown) => (error as LabError).message,
      );
    };
    assert.match(
      await said('{"x":1}'),
      /^Line 2 of the study file: its type is none of environment, /,
    );
    assert.match(await said('[]'), /its type is none of/);
    assert.match(
      await said('{"rejection":{},"x":1}'),
      /^Line 2 of the study file: rejection\.trial: it is missing\.$/,
    );
    assert.match(
      await said('{"end":1,"x":1}'),
      /end: Invalid type: Expected string but received 1/,
    );
    const rejection = '{"trial":0,"draw":0,"key":"","reason":"","y":1}';
    assert.match(await said(`{"rejection":${rejection}}`), /rejection\.y: the key "y" is unknown/);
  });

  void test('a broken file leaves nothing behind', async () => {
    const { store, study } = await labWithStudy();
    const file = Buffer.from(await exported(store, study));
    const text = file.toString('latin1');
    const edit = (from: string, to: string): Buffer =>
      Buffer.from(text.replace(from, to), 'latin1');
    const broken: [file: Uint8Array, code: string][] = [
      [Buffer.alloc(0), 'import.not-a-study'],
      [Buffer.from('SQLite format 3\0'), 'import.not-a-study'],
      [Buffer.from('a text of somebody else, without an end of line'), 'import.not-a-study'],
      [Buffer.alloc(5 << 20, 'x'), 'import.not-a-study'],
      [file.subarray(0, 40), 'import.truncated'],
      [Buffer.from('{"format":"other"}\n'), 'import.not-a-study'],
      [edit('"version":2}\n', '"version":99}\n'), 'import.wrong-version'],
      [edit('"n":1,', '"n":2,'), 'import.damaged'],
      [edit('"n":1,', '"n":-1,'), 'import.bad-record'],
      [edit('"reason":{"kind":"asha"', '"reason":{"kind":"toss"'), 'import.bad-record'],
      [edit('"run":0,', '"run":9999,'), 'import.bad-record'],
      [edit('"rejection":null', '"rejection":"why"'), 'import.bad-record'],
      [edit('"duplicateOf":null', '"duplicateOf":0'), 'import.bad-record'],
      [edit('"rerun":null', '"rerun":0'), 'import.bad-record'],
      [edit('"kind":"trial","number":0', '"kind":"trial","number":3'), 'import.bad-record'],
      [edit('"priority":0', '"priority":1e300'), 'import.bad-record'],
      [edit('"gate":"through"', '"gate":"../../x"'), 'graph.unknown-gate'],
      [edit('{"environment"', '{"surprise":1,"environment"'), 'import.bad-record'],
      ...[0.2, 0.5, 0.9, 0.999].map((share): [Uint8Array, string] => [
        file.subarray(0, Math.floor(file.length * share)),
        'import.truncated',
      ]),
      [file.subarray(0, file.lastIndexOf('{"end"')), 'import.truncated'],
    ];
    const lab = openLabFile(join(folder, 'broken.ktg'));
    for (const target of [openMemoryStore(), lab]) {
      for (const [bytes, code] of broken)
        await assert.rejects(importStudy(target, inPieces(bytes, 4096)), { code }, code);
      assert.deepEqual(contentOf(target), [[], [], [], [], []]);
    }
    lab.close();
  });
});
