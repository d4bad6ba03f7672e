import assert from 'node:assert/strict';
import { copyFileSync, createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { edgeOf } from '../../core/graph/graph.ts';
import { importOptuna } from '../../core/search/optuna.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import { listOptuna, readOptuna } from '../../core/store/transfer/optuna-file.ts';
import type { Store } from '../../core/store/store.ts';
import { importStudy } from '../../core/store/transfer/import.ts';
import { openSqlite } from '../../core/store/sqlite.ts';
import { wireDecision } from '../../core/study/decision.ts';

const folder = mkdtempSync(join(tmpdir(), 'ktg-optuna-'));
after(() => {
  rmSync(folder, { recursive: true });
});
const kept = join(import.meta.dirname, '../fixtures/optuna/experiment01.db');
let count = 0;

const imported = async (store: Store, file: string, name?: string, now?: number, study?: string) =>
  importOptuna(store, readOptuna(file, study), name, now);
const fixture = (name: string): string => join(import.meta.dirname, '../fixtures/optuna', name);

/** A copy of the kept file, changed by some SQL. */
function changedBy(sql: string): string {
  const file = join(folder, `${count++}.db`);
  copyFileSync(kept, file);
  const database = openSqlite(file);
  database.execute('PRAGMA foreign_keys = OFF');
  database.execute(sql);
  database.close();
  return file;
}

/**
 * How Optuna 0.13 kept it: reports in trial_values, the objective in trials, no types, no numbers.
 */
const before3 = `
  CREATE TABLE old_values (trial_value_id INTEGER PRIMARY KEY, trial_id INTEGER, step INTEGER, value FLOAT);
  INSERT INTO old_values SELECT trial_intermediate_value_id, trial_id, step, intermediate_value FROM trial_intermediate_values;
  DROP TABLE trial_intermediate_values;
  DROP TABLE trial_values;
  ALTER TABLE old_values RENAME TO trial_values;
  ALTER TABLE trials DROP COLUMN number;`;

void describe('studies of Optuna', () => {
  void test('graphs, curves, outcomes and decisions come over; Optuna’s stops are our rule’s', async () => {
    for (const store of [openMemoryStore(), openLabFile(join(folder, 'lab.ktg'))]) {
      const study = await imported(store, kept);
      assert.equal(study.name, 'experiment01');
      assert.equal(study.state, 'completed');
      assert.equal(study.plan.training.protocol, 'paper');
      assert.deepEqual(study.plan.space.nodes[1]!.models, ['resnet32', 'resnet110', 'wrn-28-2']);
      const { completed, stopped, rejected } = store.trialCounts(study.id);
      assert.deepEqual([completed, stopped, rejected], [2, 6, 4]);
      assert.equal(store.bestTrial(study.id)!.number, 4);
      assert.ok(Math.abs(store.bestTrial(study.id)!.accuracy! - 0.631984138) < 1e-8);
      for (const run of store.runs({ study: study.id, kind: 'trial' })) {
        assert.equal(run.training.epochs, 16);
        for (const { rung, go, rank, limit } of store
          .decisions({ run: run.id })
          .map(wireDecision)) {
          assert.equal(go, rank! <= limit!);
          if (!go) assert.deepEqual([run.state, run.epoch], ['stopped', rung]);
        }
      }
      assert.deepEqual(await store.check(), []);
      store.close();
    }
  });

  void test('rows are destinations, columns sources, the diagonal is the label', async () => {
    const store = openMemoryStore();
    const study = await imported(store, kept);
    const first = store.runs({ study: study.id })[0]!;
    const database = openSqlite(kept, { readOnly: true });
    const gates = database.all<{ name: string; value: number }>(
      `SELECT param_name AS name, param_value AS value FROM trial_params WHERE trial_id = 1 AND param_name LIKE '%gate'`,
    );
    database.close();
    const names = ['through', 'cutoff', 'correct', 'linear'];
    const gateAt = (name: string): string =>
      names[gates.find((each) => each.name === name)!.value]!;
    assert.equal(edgeOf(first.graph, 0, 1).gate, gateAt('00_00_gate'));
    assert.equal(edgeOf(first.graph, 2, 1).gate, gateAt('00_01_gate'));
    assert.equal(edgeOf(first.graph, 1, 2).gate, gateAt('01_00_gate'));
    assert.equal(edgeOf(first.graph, 0, 2).gate, gateAt('01_01_gate'));
  });

  void test('files of the version that the authors used are read as well', async () => {
    const [now, then] = [openMemoryStore(), openMemoryStore()];
    const first = await imported(now, kept, undefined, 0);
    const second = await imported(then, changedBy(before3), undefined, 0);
    assert.deepEqual(second, first);
    assert.deepEqual(then.runs(), now.runs());
    assert.deepEqual(then.decisions({ study: second.id }), now.decisions({ study: first.id }));
  });

  void test('trials that were running or not drawn yet are no results', async () => {
    const store = openMemoryStore();
    const file = changedBy(`
      UPDATE trials SET state = 'RUNNING', datetime_complete = NULL WHERE trial_id = 7;
      UPDATE trials SET state = 'WAITING' WHERE trial_id = 8;
      DELETE FROM trial_params WHERE trial_id = 8;
      DELETE FROM trial_intermediate_values WHERE trial_id = 8;`);
    const study = await imported(store, file, 'Copy');
    const { cancelled, stopped } = store.trialCounts(study.id);
    assert.deepEqual([study.name, cancelled, stopped], ['Copy', 1, 4]);
  });

  void test('a study that is to be maximised comes in with its accuracies, and is judged so', async () => {
    for (const file of ['maximize.db', 'fractions.db']) {
      const store = openMemoryStore();
      const study = await imported(store, fixture(file));
      const best = store.bestTrial(study.id)!;
      assert.deepEqual([best.number, best.accuracy!.toFixed(9)], [2, '0.660200000'], file);
      const first = store.runs({ study: study.id })[0]!;
      assert.equal(store.epochs(first.id)[0]!.nodes[0]!.accuracy.toFixed(6), '0.450000');
      for (const run of store.runs({ study: study.id, kind: 'trial' }))
        for (const { go, rank, limit } of store.decisions({ run: run.id }).map(wireDecision))
          assert.equal(go, rank! <= limit!, `${file}, trial ${run.number}`);
      assert.deepEqual(await store.check(), []);
    }
  });

  void test('the direction of files before version 2 stands in the study', async () => {
    const old = (direction: string): string =>
      changedBy(`ALTER TABLE studies ADD COLUMN direction TEXT; UPDATE studies SET direction = '${direction}';
        DROP TABLE study_directions;`);
    assert.equal(readOptuna(old('MINIMIZE')).direction, 'minimize');
    assert.equal(readOptuna(old('MAXIMIZE')).direction, 'maximize');
    assert.throws(() => readOptuna(old('NOT_SET')), { code: 'import.not-optuna' });
  });

  void test('of several studies one is named, never the largest taken', async () => {
    const file = fixture('several.db');
    assert.deepEqual(listOptuna(file), [
      { name: 'errors', trials: 3 },
      { name: 'accuracies', trials: 6 },
    ]);
    const store = openMemoryStore();
    await assert.rejects(imported(store, file), {
      code: 'import.several-studies',
      message: /holds 2 studies of Optuna: "errors" \(3 trials\), "accuracies" \(6 trials\)\./,
      next: /--study NAME/,
    });
    await assert.rejects(imported(store, file, undefined, 0, 'third'), {
      code: 'import.no-such-study',
      message: /no study "third"; it holds "errors"/,
    });
    for (const [name, trials] of [
      ['errors', 3],
      ['accuracies', 6],
    ] as const) {
      const study = await imported(store, file, undefined, 0, name);
      assert.deepEqual([study.name, study.plan.trials], [name, trials]);
      assert.equal(store.bestTrial(study.id)!.accuracy!.toFixed(4), '0.6602');
    }
  });

  void test('what a foreign study is, is said', async () => {
    const store = openMemoryStore();
    for (const [file, code, message] of [
      ['multi-objective.db', 'import.multi-objective', /has 2 objectives/],
      ['ensemble.db', 'import.not-a-graph-search', /searches ensembles/],
      ['other-names.db', 'import.not-a-graph-search', /another implementation \(0_0_gate\)/],
      [
        'foreign.db',
        'import.not-a-graph-search',
        /its parameters are lr, and none is model_0_name/,
      ],
    ] as const)
      await assert.rejects(imported(store, fixture(file)), { code, message }, file);
    const loss = changedBy(`UPDATE trial_params SET param_value = 0,
      distribution_json = '{"name": "CategoricalDistribution", "attributes": {"choices": ["AttLoss_P"]}}'
      WHERE param_name = '00_01_loss'`);
    await assert.rejects(imported(store, loss), { message: /may have the loss "AttLoss_P"/ });
    const tooLarge = changedBy(
      'UPDATE trial_intermediate_values SET intermediate_value = 250.5 WHERE step = 1',
    );
    await assert.rejects(imported(store, tooLarge), { message: /reports 250\.5 at epoch 1/ });
    await assert.rejects(importStudy(store, createReadStream(fixture('journal.jsonl'))), {
      code: 'import.optuna-journal',
    });
    assert.deepEqual([store.studies(), store.runs()], [[], []]);
  });

  void test('what is no search of graphs is refused and leaves nothing', async () => {
    const store = openMemoryStore();
    const refused: [file: string, code: string][] = [
      [changedBy('DROP TABLE trial_params'), 'import.not-optuna'],
      [changedBy('DELETE FROM trials'), 'import.not-optuna'],
      [changedBy('ALTER TABLE trials RENAME COLUMN state TO condition'), 'import.not-optuna'],
      [changedBy('PRAGMA application_id = 0x4b54474c'), 'import.whole-lab'],
      [changedBy('DELETE FROM trial_params'), 'import.not-a-graph-search'],
      [
        changedBy(`DELETE FROM trial_params WHERE param_name = '01_00_gate'`),
        'import.not-a-graph-search',
      ],
      [
        changedBy(
          `UPDATE trial_params SET distribution_json = replace(distribution_json, 'LinearGate', 'GammaGate')`,
        ),
        'import.not-a-graph-search',
      ],
      [
        changedBy(
          `UPDATE trial_params SET distribution_json = replace(distribution_json, 'ResNet32', '../../etc')`,
        ),
        'model.unknown',
      ],
      [changedBy('DELETE FROM trial_intermediate_values WHERE step = 2'), 'store.epoch-order'],
      [join(import.meta.dirname, 'optuna.test.ts'), 'store.foreign-file'],
    ];
    for (const [file, code] of refused) await assert.rejects(imported(store, file), { code }, code);
    assert.deepEqual([store.studies(), store.runs()], [[], []]);
  });
});
