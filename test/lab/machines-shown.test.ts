import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { rerunLines } from '../../core/commands/rerun-words.ts';
import type { TrialRow } from '../../core/lab/api.ts';
import { bundleOf } from '../../core/lab/bundle.ts';
import { rerunCsv } from '../../core/lab/rerun-table.ts';
import { addAblation } from '../../core/search/ablation.ts';
import { addRerun } from '../../core/search/repeat.ts';
import { exportOptuna } from '../../core/search/optuna-export.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import type { Store } from '../../core/store/store.ts';
import { withPlace } from '../../core/study/plan.ts';
import { decisionsCsv, trialsCsv } from '../../renderer/views/study/tables.ts';
import { entryTip, trialTip } from '../../renderer/words/trial-tooltip.ts';
import { metrics, newStudy, newTrial, training } from '../contract/samples.ts';
import { environment } from '../search/scripted-runner.ts';
import { decision } from '../renderer/rows.ts';
import { scriptedLab } from './support.ts';

/** A store with a study of one completed trial that `lena` has trained. */
function storeWithRemoteTrial(): { store: Store; study: number; run: number } {
  const store = openMemoryStore();
  const { id: study } = store.addStudy(newStudy('M2', { trials: 1 }));
  const { id: run } = store.addRun(newTrial(study, 0));
  trainOnLena(store, run);
  return { store, study, run };
}

function trainOnLena(store: Store, run: number): void {
  store.changeRun(run, { state: 'running', startedAt: 1 });
  const { number } = store.addAttempt(run, 'lena/gpu:0:0', 1);
  const made = store.addEnvironment({ ...environment, host: 'lena.example' });
  store.changeAttempt(run, number, { environment: made, endedAt: 9, outcome: 'completed' });
  const { epochs } = store.run(run).training;
  for (let epoch = 1; epoch <= epochs; epoch++) store.addEpoch(run, metrics(epoch));
  store.changeRun(run, { state: 'completed', endedAt: 9 });
}

test('a trial of another machine says so in rows, tables, tooltips and Optuna files', async (t) => {
  const { store, study, run } = storeWithRemoteTrial();
  const lab = scriptedLab({}, store);
  t.after(() => lab.close('at-once'));
  const { rows } = await lab.request('trials.query', { study });
  const row: TrialRow = rows[0]!;
  assert.deepEqual(row.machines, ['lena']);
  assert.ok(trialTip(row).includes('Trained on lena'));
  const stop = decision({});
  assert.ok(entryTip(row, { epoch: 1, value: 0.5 }, stop).includes('Trained on lena'));
  const [head, first] = trialsCsv(rows, { size: 2, judged: 'node 1' }, {}).split('\r\n');
  assert.match(head!, /,Attempts,Machine,Graph key,/);
  assert.match(first!, /,1,lena,/);
  const decisions = [{ ...stop, run }];
  const [titles, line] = decisionsCsv(decisions, new Map([[run, row]]), {}).split('\r\n');
  assert.equal(cellOf(titles!, line!, 'machines'), 'lena');
  const view = await lab.request('runs.open', { run });
  assert.equal(view.attemptList[0]?.made?.host, 'lena.example');
  const folder = mkdtempSync(join(tmpdir(), 'ktg-shown-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  await exportOptuna(store, study, join(folder, 'study.db'));
  assert.ok(readFileSync(join(folder, 'study.db'), 'latin1').includes('machines"lena"'));
});

/** The cell of the column with a title; none of these cells holds a comma. */
const cellOf = (head: string, line: string, title: string): string | undefined =>
  line.split(',')[head.split(',').indexOf(title)];

test('a re-run on another machine says so in its table, on the terminal and in its bundle', async (t) => {
  const store = openMemoryStore();
  const graph = newTrial(1, 0).graph;
  const { id: rerun } = addRerun(
    store,
    {
      ...{ name: 'Elsewhere', graph, study: null, trial: null, seeds: 1, baseSeed: 1 },
      ...{ baselines: [], retries: 0, priority: 0 },
      training: withPlace(training({ purpose: 'final' }), { machine: 'lena' }),
    },
    1,
  );
  for (const { id } of store.runs({ rerun })) trainOnLena(store, id);
  const lab = scriptedLab({}, store);
  t.after(() => lab.close('at-once'));
  const view = await lab.request('reruns.open', { rerun });
  assert.match(rerunCsv(view).split('\r\n')[1]!, /,lena$/);
  const lines = rerunLines(view);
  assert.ok(lines.includes('Only on lena') && lines.includes('Trained on lena'), lines.join('\n'));
  const bundle = bundleOf(store, rerun);
  assert.equal(bundle.environments[0]?.host, 'lena.example');
  assert.equal(bundle.training.place, undefined, 'another lab has other machines');
});

test('results that an ablation takes over keep their machine', () => {
  const store = openMemoryStore();
  const { graph } = newTrial(1, 0);
  const shared = {
    graph,
    study: null,
    trial: null,
    seeds: 1,
    baseSeed: 1,
    retries: 0,
    priority: 0,
  };
  const earlier = { ...shared, name: 'Before', baselines: [], training: training() };
  const { id: before } = addRerun(store, earlier, 1);
  for (const { id } of store.runs({ rerun: before })) trainOnLena(store, id);
  const wish = { ...shared, name: 'Ablation', kind: 'edges' as const, training: training() };
  const { id } = addAblation(store, wish, 2);
  const [taken] = store.runs({ rerun: id, states: ['completed'] });
  assert.deepEqual(store.machinesOf(taken!.id), ['lena']);
});
