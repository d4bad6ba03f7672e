import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { stream } from '../../core/base/random.ts';
import { template } from '../../core/graph/templates.ts';
import { paperSpace, withGates } from '../../core/graph/space.ts';
import { importOptuna } from '../../core/search/optuna.ts';
import { redrawStudy } from '../../core/search/redraw.ts';
import type { Redraw } from '../../core/search/redraw.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import type { Store } from '../../core/store/store.ts';
import { readOptuna } from '../../core/store/transfer/optuna-file.ts';
import { exportStudy } from '../../core/store/transfer/export.ts';
import { importStudy } from '../../core/store/transfer/import.ts';
import type { StudyPlan } from '../../core/study/plan.ts';
import { usualStart } from '../../core/study/start.ts';
import { AT, joined } from '../contract/samples.ts';
import { livedFor } from '../soak/killed-life.ts';
import { studyPlan } from './killed-lab.ts';
import { scriptedLab } from './lab.ts';
import { noFrozen, teaching, trialsOf } from './studies.ts';

const TRIALS = 40;

/** A study that was played with uneven workers, some of which fail. */
async function played(change: Partial<StudyPlan>): Promise<{ store: Store; id: number }> {
  const { store, study, scheduler, until } = scriptedLab({
    slots: 4,
    mishap: (job, epoch) => (job.run % 9 === 4 && epoch === 2 ? 'nan' : undefined),
  });
  const { id } = study({ trials: TRIALS, space: paperSpace(3), ...change });
  scheduler.resume({ study: id });
  await until(() => store.study(id).state === 'completed');
  await scheduler.close('save');
  return { store, id };
}

/** The same study in another lab; `edit` changes the text of its file, without its last line. */
async function copied(store: Store, id: number): Promise<{ store: Store; id: number }> {
  const other = openMemoryStore();
  const file = await joined(exportStudy(store, id, { weights: false }));
  const chunks = (async function* () {
    yield await Promise.resolve(file);
  })();
  const copy = await importStudy(other, chunks);
  return { store: other, id: copy.id };
}

const findings = (trials: readonly Redraw[]): string[] => [
  ...new Set(trials.map(({ finding }) => finding)),
];

describe('drawing the trials of a study again', () => {
  for (const [name, change] of [
    ['of a random search', { sampler: 'random', rejected: 'resample' }],
    ['of TPE', { sampler: 'tpe' }],
    ['of TPE with audits', { sampler: 'tpe', audit: 0.5 }],
    ['with starting points', { sampler: 'tpe', start: usualStart }],
    [
      'with own starting points',
      { start: { ...usualStart, graphs: [template('dml', ['resnet32', 'resnet32', 'resnet32'])] } },
    ],
    [
      'with locks',
      { sampler: 'tpe', space: withGates(paperSpace(3), 1, 2, ['cutoff', 'correct']) },
    ],
    ['with weights', { sampler: 'tpe', prior: { frozen: 0.4, weights: { resnet110: 3 } } }],
    ['with weights at random', { prior: { weights: { cutoff: 0.2 } } }],
    ['with teachers', { sampler: 'tpe', space: teaching }],
    ['that repeat graphs', { sampler: 'tpe', space: noFrozen, duplicates: 'train' }],
    ['where rejected ones count', { sampler: 'tpe', rejected: 'count' }],
    ['of the median rule', { sampler: 'tpe', rule: { kind: 'median', grace: 2, samples: 3 } }],
    ['in order', { sampler: 'tpe', inOrder: 4 }],
  ] satisfies [string, Partial<StudyPlan>][])
    test(`gives their graphs ${name}, also in another lab`, async () => {
      const { store, id } = await played(change);
      const trials = await redrawStudy(store, id);
      assert.equal(trials.length, TRIALS);
      assert.deepEqual(findings(trials), ['same']);
      const copy = await copied(store, id);
      assert.deepEqual(await redrawStudy(copy.store, copy.id), trials);
    });

  test('names a trial whose graph is another one, and what came out', async () => {
    const { store, id } = await played({ sampler: 'tpe' });
    const forged = openMemoryStore();
    const { id: study } = forged.addStudy({
      ...store.study(id),
      plan: { ...store.study(id).plan },
    });
    const trials = trialsOf(store, id);
    for (const run of trials)
      forged.addRun({
        ...run,
        study,
        duplicateOf: null,
        state: 'waiting',
        ...(run.number === 3 && { graph: trials[30]!.graph, key: trials[30]!.key }),
        ...(run.number === 5 && { seed: run.seed + 1 }),
      });
    for (const each of store.rejections(id)) forged.addRejection({ ...each, study });
    const found = (await redrawStudy(forged, study)).slice(0, 10);
    assert.deepEqual(
      found.filter(({ finding }) => finding !== 'same'),
      [
        {
          trial: 3,
          finding: 'other',
          key: trials[30]!.key,
          redrawn: trials[3]!.key,
          differs: ['graph'],
        },
        { trial: 5, finding: 'other', key: trials[5]!.key, redrawn: null, differs: ['seed'] },
      ],
    );
  });

  test('says which draws have no record, instead of guessing', async () => {
    const store = openMemoryStore();
    const made = await played({ sampler: 'tpe', start: usualStart });
    const { id } = store.addStudy(made.store.study(made.id));
    for (const run of trialsOf(made.store, made.id))
      store.addRun({
        ...run,
        study: id,
        duplicateOf: null,
        state: 'waiting',
        // As labs of older schemas and versions have them.
        ...(run.number < 20 && { drawVersion: null, openTrials: null }),
        ...(run.number === 20 && { drawVersion: 1000 }),
      });
    const found = await redrawStudy(store, id);
    const starts = trialsOf(store, id).filter(({ origin }) => origin !== null).length;
    assert.ok(starts > 0);
    assert.deepEqual(findings(found.slice(0, starts)), ['same']);
    assert.deepEqual(findings(found.slice(starts, 20)), ['no-record']);
    assert.equal(found[20]!.finding, 'newer-version');
  });

  test('knows no record of trials that came from Optuna', async () => {
    const file = join(import.meta.dirname, '../fixtures/optuna/experiment01.db');
    const store = openMemoryStore();
    const study = await importOptuna(store, readOptuna(file), 'Optuna', AT);
    assert.deepEqual(findings(await redrawStudy(store, study.id)), ['no-record']);
  });
});

/** Lets a lab work on a study and kills it after a time. True when it came to its end. */
async function worked(file: string, change: object, milliseconds: number): Promise<boolean> {
  const program = join(import.meta.dirname, 'killed-lab.ts');
  const child = spawn(process.execPath, [program, file, '3', '1000', JSON.stringify(change)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return livedFor(child, milliseconds);
}

test('a draw that was made is never made again, whenever its lab is killed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ktg-draws-'));
  const random = stream(5, 'kills');
  try {
    for (const change of [{ sampler: 'tpe' }, { sampler: 'tpe', inOrder: 3 }]) {
      const file = join(folder, `${JSON.stringify(change).length}.ktg`);
      /** By number, as first seen. */
      const seen: [string, number, number][] = [];
      let kills = 0;
      for (let isDone = false; !isDone;) {
        isDone = await worked(file, change, kills < 6 ? 30 + random.below(300) : 600_000);
        if (!isDone) kills++;
        const store = openLabFile(file);
        const [study] = store.studies();
        const trials = study ? trialsOf(store, study.id) : [];
        for (const { number, key, seed, id } of trials) {
          seen[number] ??= [key, seed, id];
          assert.deepEqual([key, seed, id], seen[number], `trial ${number}`);
        }
        if (trials.length > 0)
          assert.deepEqual(findings(await redrawStudy(store, study!.id)), ['same']);
        store.close();
      }
      assert.ok(kills > 0);
      assert.equal(seen.length, studyPlan.trials);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** Lets a lab kill itself while it draws a trial. Returns the key of the graph that it drew. */
async function killedAt(file: string, trial: number, moment: string, change: object) {
  const program = join(import.meta.dirname, 'killed-draw.ts');
  const child = spawn(
    process.execPath,
    [program, file, String(trial), moment, JSON.stringify(change)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [drawn] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  assert.equal(child.signalCode, 'SIGKILL');
  return drawn.trim();
}

for (const change of [{ sampler: 'tpe' }, { sampler: 'tpe', inOrder: 3 }])
  test(`a kill between draw and store leaves a trial its graph: ${JSON.stringify(change)}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ktg-draws-'));
    try {
      const file = join(folder, 'lab.ktg');
      /** Keys that labs drew and did not store. */
      const lost: [number, string][] = [];
      for (const trial of [4, 17, 30, 45])
        for (const moment of ['before', 'after', 'before']) {
          lost.push([trial, await killedAt(file, trial, moment, change)]);
          const store = openLabFile(file);
          assert.equal(trialsOf(store, 1).length, trial);
          store.close();
        }
      const last = studyPlan.trials! - 1;
      await killedAt(file, last, 'before', change);
      const store = openLabFile(file);
      const keys = trialsOf(store, 1).map(({ key }) => key);
      assert.deepEqual(
        lost,
        lost.map(([trial]) => [trial, keys[trial]]),
      );
      assert.deepEqual(findings(await redrawStudy(store, 1)), ['same']);
      store.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
