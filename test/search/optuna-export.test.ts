import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { graphKey } from '../../core/graph/canonical.ts';
import type { Lab } from '../../core/lab/lab.ts';
import { exportOptuna } from '../../core/search/optuna-export.ts';
import { importOptuna } from '../../core/search/optuna.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import type { Store } from '../../core/store/store.ts';
import { readOptuna } from '../../core/store/transfer/optuna-file.ts';
import { goalOf } from '../../core/graph/graph.ts';
import { paperSpace, withListsBetween, withSpaceEnsemble } from '../../core/graph/space.ts';
import type { StudyPlan } from '../../core/study/plan.ts';
import type { Run } from '../../core/study/run.ts';
import { plan } from '../contract/samples.ts';
import { python, withoutPackages } from '../examples/python.ts';
import { scriptedLab, studyIs } from '../lab/support.ts';

const folder = mkdtempSync(join(tmpdir(), 'ktg-optuna-export-'));
const labs: Lab[] = [];
after(async () => {
  for (const lab of labs) await lab.close('at-once');
  rmSync(folder, { recursive: true });
});
let count = 0;

/** A store with a finished study of formula curves, some of its trials failed or not numbers. */
async function searched(trials = 60, change: Partial<StudyPlan> = {}): Promise<Store> {
  const store = openMemoryStore();
  const mishap = ({ title }: { title: string }) =>
    title.endsWith('trial 3') ? ('nan' as const) : undefined;
  const lab = scriptedLab({ mishap }, store);
  labs.push(lab);
  const { study } = await lab.request('studies.create', {
    name: 'M = 2, "quoted"',
    plan: plan({ trials, rejected: 'count', ...change }),
    start: true,
  });
  await studyIs(lab, study.id, 'completed');
  return store;
}

async function exported(store: Store, study = 1): Promise<string> {
  const file = join(folder, `${count++}.db`);
  await exportOptuna(store, study, file);
  return file;
}

/** What a round trip keeps of a trial. */
const kept = (store: Store, { id, number, seed, graph, state, epoch, accuracy }: Run) => ({
  ...{ number, seed, key: graphKey(graph), state, epoch, accuracy },
  curve: store.curve(id)[goalOf(graph) - 1],
});

void describe('export to Optuna', () => {
  void test('a study comes back with its plan, graphs, curves, outcomes and decisions', async () => {
    const store = await searched();
    const back = openMemoryStore();
    const study = await importOptuna(back, readOptuna(await exported(store)));
    assert.deepEqual([study.name, study.plan], [store.study(1).name, store.study(1).plan]);
    const [before, then] = [store, back].map((each) => each.runs({ study: 1, kind: 'trial' }));
    assert.equal(then!.length, before!.length);
    const states = new Set(before!.map(({ state }) => state));
    for (const state of ['completed', 'stopped', 'rejected', 'duplicate'] as const)
      assert.ok(states.has(state), `the study has a ${state} trial`);
    for (const [at, run] of before!.entries()) {
      const original = run.duplicateOf === null ? run : store.run(run.duplicateOf);
      const { state, epoch, accuracy, curve } = kept(store, original);
      const expected = { ...kept(store, run), state, epoch, accuracy, curve };
      assert.deepEqual(kept(back, then![at]!), expected, `trial ${run.number}`);
    }
    const trained = before!.filter(({ duplicateOf }) => duplicateOf === null);
    for (const run of trained) {
      const decisions = (of: Store, id: number) =>
        of.decisions({ run: id }).map(({ rung, value, go }) => ({ rung, value, go }));
      const copy = then!.find(({ number }) => number === run.number)!;
      assert.deepEqual(decisions(back, copy.id), decisions(store, run.id), `trial ${run.number}`);
    }
    assert.deepEqual(await back.check(), []);
  });

  void test('kinds, weights, temperatures and an ensemble come back', async () => {
    const lists = withListsBetween(paperSpace(2, 'resnet8', ['resnet8']), {
      ...{ kinds: ['kl', 'attention'], weights: [0.5, 1], temperatures: [1, 4] },
    });
    for (const space of [
      { ...lists, frozen: false },
      withSpaceEnsemble({ ...lists, frozen: false }, { combine: 'logits', isObjective: true }),
    ]) {
      const store = await searched(30, { space });
      const read = readOptuna(await exported(store));
      const names = new Set(read.trials.flatMap((trial) => trial.names));
      for (const part of ['kind', 'weight', 'temperature'])
        assert.ok(names.has(`00_01_${part}`) && !names.has(`00_00_${part}`), part);
      const back = openMemoryStore();
      await importOptuna(back, read);
      const [before, then] = [store, back].map((each) => each.runs({ study: 1, kind: 'trial' }));
      for (const [at, run] of before!.entries()) {
        if (run.duplicateOf !== null) continue;
        assert.deepEqual(kept(back, then![at]!), kept(store, run), `trial ${run.number}`);
        const trial = read.trials[at]!;
        for (const { source, destination, gate } of run.graph.edges)
          if (source > 0 && source <= 2)
            assert.equal(
              trial.parameters.has(`0${destination - 1}_0${source - 1}_kind`),
              gate !== 'cutoff',
              'a Cutoff has no kind',
            );
      }
    }
  });

  void test('a graph attribute that is no graph of the space is ignored', async () => {
    const read = readOptuna(await exported(await searched(4)));
    for (const [at, graph] of ['nonsense', 'resnet8=T', ''].entries())
      read.trials[at]!.graph = graph;
    const back = openMemoryStore();
    await importOptuna(back, read);
    assert.equal(back.runs({ study: 1, kind: 'trial' }).length, 4);
  });

  void test('studies without trials or results, and at work, are files as well', async () => {
    const store = openMemoryStore();
    const empty = store.addStudy({ ...newStudyOf('empty'), plan: plan({ trials: 3 }) });
    assert.throws(() => readOptuna(join(folder, 'none.db')));
    const file = await exported(store, empty.id);
    assert.throws(() => readOptuna(file), {
      code: 'import.not-optuna',
      message: /contains no trial/,
    });
    const graph = (await searched(4)).runs({ study: 1, kind: 'trial' })[0]!;
    store.addRun({ ...graph, study: empty.id, state: 'waiting', createdAt: 5 });
    const waiting = readOptuna(await exported(store, empty.id));
    assert.deepEqual(
      waiting.trials.map(({ state, endedAt }) => [state, endedAt]),
      [['RUNNING', null]],
    );
  });

  const skip = withoutPackages('optuna');
  void test(
    'Optuna reads states, values, parameters and attributes as they are',
    { skip },
    async () => {
      const store = await searched();
      const file = await exported(store);
      const read = JSON.parse(
        python(
          `import json, sys, optuna
study = optuna.load_study(study_name=None, storage="sqlite:///" + sys.argv[1])
print(json.dumps([
    dict(number=t.number, state=t.state.name, value=t.value, params=t.params, attrs=t.user_attrs,
         reports=[t.intermediate_values[k] for k in sorted(t.intermediate_values)],
         ended=t.datetime_complete is not None)
    for t in study.get_trials()]))
sampled = study.ask()
study.sampler.infer_relative_search_space(study, sampled)
study.tell(sampled, state=optuna.trial.TrialState.FAIL)`,
          file,
        ),
      ) as {
        number: number;
        state: string;
        value: number | null;
        params: Record<string, string>;
      }[];
      const runs = store.runs({ study: 1, kind: 'trial' });
      assert.equal(read.length, runs.length);
      const best = store.bestTrial(1)!;
      assert.deepEqual(
        [read[best.number]!.state, read[best.number]!.value],
        ['COMPLETE', best.accuracy],
      );
      assert.deepEqual(Object.keys(read[0]!.params).sort(), [
        ...['00_00_gate', '00_01_gate', '01_00_gate', '01_01_gate'],
        ...['model_0_name', 'model_1_name'],
      ]);
      const output = python('read_study_with_optuna.py', file);
      assert.match(
        output,
        new RegExp(`best: trial ${best.number}, ${(100 * best.accuracy!).toFixed(2)} %`),
      );
      assert.match(output, /importance of \d\d_\d\d_gate/);
    },
  );

  const without = withoutPackages('optuna', 'optuna_dashboard');
  void test(
    'the dashboard of Optuna lists the study and its trials',
    { skip: without },
    async () => {
      const output = python(
        `import io, json, sys, optuna
from optuna_dashboard import wsgi
app = wsgi("sqlite:///" + sys.argv[1])
def get(path):
    seen = {}
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "x", "SERVER_PORT": "1",
        "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr, "wsgi.url_scheme": "http"}
    body = b"".join(app(environ, lambda status, headers, info=None: seen.update(status=status)))
    assert seen["status"].startswith("200"), (path, seen, body)
    return json.loads(body)
(summary,) = get("/api/studies")["study_summaries"]
detail = get("/api/studies/%d" % summary["study_id"])
print(json.dumps([summary["study_name"], len(detail["trials"])]))`,
        await exported(await searched()),
      );
      assert.deepEqual(JSON.parse(output), ['M = 2, "quoted"', 60]);
    },
  );
});

function newStudyOf(name: string) {
  return { name, priority: 0, notes: '', createdAt: 1 };
}
