import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { paperSpace, withGates } from '../../core/graph/space.ts';
import { addRerun } from '../../core/search/repeat.ts';
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

const anyFrozen = withGates(paperSpace(2, 'resnet8', ['resnet8', 'wrn-10-1']), 0, 2, ['cutoff', 'through']);

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
      assert.deepEqual(lab.check(), []);
      const memory = openMemoryStore();
      const again = await importStudy(memory, inPieces(await exported(lab, inFile.id, weights), 1 << 20));
      assert.ok(Buffer.from(await exported(memory, again.id, weights)).equals(file));
      lab.close();
      assert.equal(memory.checkpoints().length > 0, weights);
      assert.deepEqual(memory.study(again.id).plan, store.study(study).plan);
      assert.equal(memory.reruns().length, 1);
    }
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

  void test('a broken file leaves nothing behind', async () => {
    const { store, study } = await labWithStudy();
    const file = Buffer.from(await exported(store, study));
    const text = file.toString('latin1');
    const edit = (from: string, to: string): Buffer => Buffer.from(text.replace(from, to), 'latin1');
    const broken: [file: Uint8Array, code: string][] = [
      [Buffer.alloc(0), 'import.not-a-study'],
      [Buffer.from('SQLite format 3\0'), 'import.truncated'],
      [Buffer.from('{"format":"other"}\n'), 'import.not-a-study'],
      [edit('"version":1}\n', '"version":2}\n'), 'import.wrong-version'],
      [edit('"n":1,', '"n":2,'), 'import.damaged'],
      [edit('"n":1,', '"n":-1,'), 'import.bad-record'],
      [edit('"run":0,', '"run":9999,'), 'import.bad-record'],
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
