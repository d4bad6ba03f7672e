import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { graphKey } from '../../core/graph/canonical.ts';
import { template } from '../../core/graph/templates.ts';
import { rankTrials } from '../../core/study/best.ts';
import type { Machine } from '../../core/study/machine.ts';
import type { RungDecision } from '../../core/study/decision.ts';
import { checkLabFile } from '../../core/store/file/check.ts';
import type { Store } from '../../core/store/store.ts';
import {
  AT,
  contentOf,
  dml,
  joined,
  metrics,
  newCheckpoint,
  newStudy,
  newTrial,
  training,
} from './samples.ts';

const decision = (rung: number, value: number | null, go = true): RungDecision => ({
  rung,
  value,
  go,
  reason:
    value === null ? { kind: 'not-a-number', n: 1 } : { kind: 'asha', n: 1, rank: 1, limit: 1 },
});

/** What every store must do; `open` gives an empty one, which the suite closes. */
export function storeContract(name: string, open: () => Store): void {
  const withStore = (what: string, work: (store: Store) => Promise<void> | void): void => {
    void test(what, async () => {
      const store = open();
      try {
        await work(store);
        const { file } = store.place;
        assert.deepEqual(file === null ? await store.check() : checkLabFile(file), []);
      } finally {
        store.close();
      }
    });
  };

  void describe(`store contract: ${name}`, () => {
    withStore('keeps studies as they were given', (store) => {
      const study = store.addStudy({
        ...newStudy('ünï "quoted" \'); DROP TABLE study'),
        notes: 'two\nlines',
      });
      assert.equal(study.state, 'ready');
      assert.deepEqual(study.plan, newStudy().plan);
      assert.deepEqual(store.study(study.id), study);
      assert.deepEqual(store.studies(), [study]);
    });

    withStore('changes what is named and nothing else', (store) => {
      const study = store.addStudy(newStudy());
      const problem = { code: 'data.missing', message: 'gone', next: 'find it' };
      const changed = store.changeStudy(study.id, {
        state: 'running',
        trials: 20,
        problem,
        startedAt: AT,
      });
      assert.deepEqual(changed, {
        ...study,
        state: 'running',
        problem,
        startedAt: AT,
        plan: { ...study.plan, trials: 20 },
      });
      assert.equal(store.changeStudy(study.id, { problem: null }).problem, null);
      assert.equal(store.study(study.id).state, 'running');
    });

    withStore('refuses illegal moves and unknown ids', (store) => {
      const { id } = store.addStudy(newStudy());
      assert.throws(() => store.changeStudy(id, { state: 'completed' }), {
        code: 'study.illegal-move',
      });
      const run = store.addRun(newTrial(id, 0));
      assert.throws(() => store.changeRun(run.id, { state: 'completed' }), {
        code: 'study.illegal-move',
      });
      assert.throws(() => store.study(99), { code: 'store.unknown-study' });
      assert.throws(() => store.run(99), { code: 'store.unknown-run' });
      assert.throws(() => store.rerun(99), { code: 'store.unknown-rerun' });
      assert.throws(() => store.pretrained(99), { code: 'store.unknown-pretrained' });
      assert.throws(() => store.checkpoint(99), { code: 'store.unknown-checkpoint' });
      assert.throws(() => store.removeGraph(99), { code: 'store.unknown-graph' });
    });

    withStore('a transaction is all or nothing, and inner ones join it', (store) => {
      const { id } = store.addStudy(newStudy());
      const before = store.addRun(newTrial(id, 0));
      assert.throws(() =>
        store.transaction(() => {
          store.addRun(newTrial(id, 1));
          store.changeRun(before.id, { state: 'running' });
          store.transaction(() => {
            store.addEpoch(before.id, metrics(1));
          });
          store.addDecision(before.id, decision(1, 0.5), AT);
          store.addEnvironment(environment);
          throw new Error('stop');
        }),
      );
      assert.deepEqual(store.runs({ study: id }), [before]);
      assert.deepEqual(store.epochs(before.id), []);
      assert.deepEqual(store.decisions({ study: id }), []);
      assert.equal(
        store.transaction(() => 7),
        7,
      );
      const again = store.addEnvironment(environment);
      assert.deepEqual(store.environment(again), environment);
    });

    withStore('runs: filters, numbers, keys', (store) => {
      const { id: first } = store.addStudy(newStudy('a'));
      const { id: second } = store.addStudy(newStudy('b'));
      assert.equal(store.trialsSoFar(first), 0);
      const rejected = store.addRun(
        newTrial(first, 0, { state: 'rejected', rejection: 'target-frozen' }),
      );
      const run = store.addRun(newTrial(first, 1));
      const other = store.addRun(newTrial(second, 0));
      const copy = store.addRun(newTrial(first, 2, { state: 'duplicate', duplicateOf: run.id }));
      assert.equal(store.trialsSoFar(first), 3);
      assert.deepEqual(store.runs({ study: first }), [rejected, run, copy]);
      assert.deepEqual(store.runs({ states: ['waiting'] }), [run, other]);
      assert.deepEqual(store.runs({ study: first, states: [] }), []);
      assert.equal(store.trialWithKey(first, run.key)?.id, run.id);
      assert.equal(store.trialWithKey(first, 'no such key'), undefined);
      assert.throws(() => store.addRun(newTrial(first, 1)), { code: 'store.duplicate-run' });
      assert.deepEqual(store.trialCounts(first), {
        waiting: 1,
        running: 0,
        completed: 0,
        stopped: 0,
        failed: 0,
        outOfMemory: 0,
        cancelled: 0,
        rejected: 1,
        duplicate: 1,
      });
      const failure = { kind: 'crash' as const, code: '', message: 'signal 9', next: '', epoch: 3 };
      store.changeRun(run.id, { state: 'running' });
      store.changeRun(run.id, { state: 'failed', failure, pinned: true, endedAt: AT });
      assert.deepEqual(store.run(run.id), {
        ...run,
        state: 'failed',
        failure,
        pinned: true,
        endedAt: AT,
      });
    });

    withStore('only a trial whose result counts, now or later, stands for equal ones', (store) => {
      const { id } = store.addStudy(newStudy());
      const { key } = newTrial(id, 0);
      for (const [number, state] of (['failed', 'out-of-memory', 'cancelled'] as const).entries()) {
        const run = store.addRun(newTrial(id, number));
        assert.equal(store.trialWithKey(id, key)?.id, run.id, 'waiting');
        store.changeRun(run.id, { state: 'running' });
        assert.equal(store.trialWithKey(id, key)?.id, run.id, 'running');
        store.changeRun(run.id, { state, endedAt: AT });
        assert.equal(store.trialWithKey(id, key), undefined, state);
      }
      const [stopped, completed] = [3, 4].map((number) => store.addRun(newTrial(id, number)).id);
      for (const run of [stopped!, completed!]) store.changeRun(run, { state: 'running' });
      store.changeRun(completed!, { state: 'completed', endedAt: AT });
      store.changeRun(stopped!, { state: 'stopped', endedAt: AT });
      assert.equal(store.trialWithKey(id, key)?.id, stopped);
    });

    withStore('attempts and environments', (store) => {
      const { id } = store.addStudy(newStudy());
      const run = store.addRun(newTrial(id, 0));
      assert.equal(store.addAttempt(run.id, 'cpu:0', AT).number, 1);
      store.changeAttempt(run.id, 1, { environment: store.addEnvironment(environment) });
      store.changeAttempt(run.id, 1, { endedAt: AT + 5, outcome: 'crash' });
      store.addEpoch(run.id, metrics(1));
      const second = store.addAttempt(run.id, 'cpu:1', AT + 9);
      assert.equal(second.fromEpoch, 1);
      assert.equal(store.run(run.id).attempts, 2);
      const first = {
        run: run.id,
        number: 1,
        slot: 'cpu:0',
        fromEpoch: 0,
        environment: store.addEnvironment({ ...environment }),
        startedAt: AT,
        endedAt: AT + 5,
        outcome: 'crash' as const,
      };
      assert.deepEqual(store.attempts({ run: run.id }), [first, second]);
      assert.deepEqual(store.attempts({ study: id }), [first, second]);
    });

    withStore('machines on which a run has trained, where others took part', (store) => {
      const { id } = store.addStudy(newStudy());
      const [own, other] = [store.addRun(newTrial(id, 0)).id, store.addRun(newTrial(id, 1)).id];
      store.addAttempt(own, 'gpu:0:1', AT);
      assert.deepEqual(store.machinesOf(own), []);
      for (const slot of ['lena/gpu:0:0', 'cpu:0', 'lena/gpu:1:0'])
        store.addAttempt(other, slot, AT);
      assert.deepEqual(store.machinesOf(other), ['lena', '']);
      assert.deepEqual(store.machinesOf(own), []);
      assert.deepEqual([...store.machinesOfTrials(id)], [[other, ['lena', '']]]);
    });

    withStore(
      'rung values arrive in order, once per run and rung; NaN is not recorded',
      (store) => {
        const { id } = store.addStudy(newStudy());
        const runs = [0.5, 0.25, null, 0.75].map((value, number) => {
          const run = store.addRun(newTrial(id, number));
          store.addDecision(run.id, decision(1, value, value !== null), AT + number);
          return run;
        });
        assert.deepEqual(store.rungValues(id, 1), [0.5, 0.25, 0.75]);
        assert.deepEqual(store.rungValues(id, 2), []);
        assert.throws(() => store.addDecision(runs[0]!.id, decision(1, 0.9), AT), {
          code: 'store.decided',
        });
        const third = { ...decision(1, null, false), run: runs[2]!.id, at: AT + 2 };
        assert.deepEqual(store.decisions({ run: runs[2]!.id }), [third]);
        assert.deepEqual(
          store.decisions({ study: id }).map((each) => each.run),
          runs.map((run) => run.id),
        );
      },
    );

    withStore('epochs come in order without gaps and are read as they were written', (store) => {
      const { id } = store.addStudy(newStudy());
      const run = store.addRun(newTrial(id, 0));
      const other = store.addRun(newTrial(id, 1));
      for (const epoch of [1, 2, 3]) store.addEpoch(run.id, metrics(epoch));
      assert.throws(() => store.addEpoch(run.id, metrics(3)), { code: 'store.epoch-order' });
      assert.throws(() => store.addEpoch(run.id, metrics(5)), { code: 'store.epoch-order' });
      store.addEpoch(other.id, metrics(1, NaN));
      assert.deepEqual(store.epochs(run.id), [metrics(1), metrics(2), metrics(3)]);
      assert.deepEqual(store.epochs(run.id, 2), [metrics(3)]);
      assert.deepEqual(store.run(run.id), { ...run, epoch: 3, accuracy: 3 / 64, seconds: 4.5 });
      assert.equal(store.run(other.id).accuracy, null);
      assert.deepEqual(store.curves({ study: id }), [
        {
          run: run.id,
          accuracy: [
            [1 / 64, 2 / 64, 3 / 64],
            [1 / 256, 2 / 256, 3 / 256],
          ],
        },
        { run: other.id, accuracy: [[NaN], [NaN]] },
      ]);
    });

    withStore('sums of a study', (store) => {
      const { id } = store.addStudy(newStudy());
      assert.deepEqual(store.pace({ study: id }), {
        epochs: 0,
        seconds: 0,
        drawn: 0,
        trainable: 0,
        survival: [],
      });
      const run = store.addRun(newTrial(id, 0));
      store.addRun(newTrial(id, 1, { state: 'duplicate', duplicateOf: run.id }));
      const other = store.addRun(newTrial(id, 2));
      for (const epoch of [1, 2]) store.addEpoch(run.id, metrics(epoch));
      store.addEpoch(other.id, metrics(1));
      store.addDecision(run.id, decision(1, 0.5), AT);
      store.addDecision(run.id, decision(2, 0.5), AT);
      store.addDecision(other.id, decision(1, 0.25, false), AT);
      assert.deepEqual(store.pace({ study: id }), {
        epochs: 3,
        seconds: 4.5,
        drawn: 3,
        trainable: 2,
        survival: [
          { rung: 1, decided: 2, wentOn: 1 },
          { rung: 2, decided: 1, wentOn: 1 },
        ],
      });
      assert.equal(store.pace({ rerun: 99 }).drawn, 0);
    });

    withStore('the best trial is a completed one, the earliest of equals', (store) => {
      const { id } = store.addStudy(newStudy());
      assert.equal(store.bestTrial(id), undefined);
      const runs = [0.25, 0.75, 0.5, 0.5, NaN].map((accuracy, number) => {
        const run = store.addRun(newTrial(id, number));
        store.changeRun(run.id, { state: 'running' });
        store.addEpoch(run.id, metrics(1, accuracy));
        return run.id;
      });
      assert.equal(store.bestTrial(id)?.id, runs[1]);
      for (const number of [0, 3, 2]) store.changeRun(runs[number]!, { state: 'completed' });
      assert.equal(store.bestTrial(id)?.id, runs[2]);
    });

    withStore(
      'before a trial is completed, the best has come furthest; of those it is the most accurate',
      (store) => {
        const { id } = store.addStudy(newStudy());
        const runs = [[0.9], [0.2, 0.4], [0.1, 0.6], [0.1, 0.6]].map((curve, number) => {
          const run = store.addRun(newTrial(id, number));
          store.changeRun(run.id, { state: 'running' });
          curve.forEach((accuracy, at) => {
            store.addEpoch(run.id, metrics(at + 1, accuracy));
          });
          return run.id;
        });
        assert.equal(store.bestTrial(id)?.id, runs[2]);
        store.changeRun(runs[2]!, { state: 'failed' });
        store.changeRun(runs[3]!, { state: 'stopped' });
        assert.equal(store.bestTrial(id)?.id, rankTrials(store.runs({ study: id }))[0]!.id);
        store.changeRun(runs[1]!, { state: 'completed' });
        assert.equal(store.bestTrial(id)?.id, runs[1]);
      },
    );

    withStore('a checkpoint is whole or not there, and replaces earlier ones', async (store) => {
      const { id } = store.addStudy(newStudy());
      const run = store.addRun(newTrial(id, 0));
      const first = await store.saveCheckpoint(newCheckpoint(run.id, 1), AT);
      assert.deepEqual(store.checkpointOf(run.id), first);
      assert.deepEqual(await joined(store.readCheckpoint(first.id)), contentOf(700_001, 1));

      const short = { ...newCheckpoint(run.id, 2), bytes: 700_002 };
      await assert.rejects(store.saveCheckpoint(short, AT), { code: 'store.checkpoint-damaged' });
      const long = { ...newCheckpoint(run.id, 2), bytes: 700_000 };
      await assert.rejects(store.saveCheckpoint(long, AT), { code: 'store.checkpoint-damaged' });
      const wrong = { ...newCheckpoint(run.id, 2), sha256: '00' };
      await assert.rejects(store.saveCheckpoint(wrong, AT), { code: 'store.checkpoint-damaged' });
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield await Promise.resolve(contentOf(1000, 2));
        throw new Error('connection lost');
      }
      await assert.rejects(
        store.saveCheckpoint({ ...newCheckpoint(run.id, 2), chunks: broken() }, AT),
        /connection lost/,
      );
      assert.deepEqual(store.checkpoints(), [first]);

      const second = await store.saveCheckpoint(
        { ...newCheckpoint(run.id, 3), purpose: 'final' },
        AT,
      );
      assert.deepEqual(store.checkpoints(), [second]);
      assert.equal(store.sizes().checkpoints, 700_001);
      store.dropCheckpoint(second.id);
      assert.equal(store.checkpointOf(run.id), undefined);
      await store.compact();
    });

    withStore('re-runs', async (store) => {
      const { id } = store.addStudy(newStudy());
      const added = {
        name: 'best of M2',
        study: id,
        trial: 3,
        variants: [{ name: 'graph' as const, graph: dml, key: 'k' }],
        seeds: [1, 2, 3],
        training: training({ purpose: 'final' }),
        retries: 2,
        priority: 1,
        createdAt: AT,
      };
      const rerun = store.addRerun(added);
      assert.deepEqual(rerun, {
        ...added,
        ablation: null,
        id: rerun.id,
        state: 'ready',
        problem: null,
        startedAt: null,
        endedAt: null,
      });
      const repeat = newTrial(id, 0, { kind: 'repeat', rerun: rerun.id, variant: 'graph' });
      const run = store.addRun(repeat);
      assert.throws(() => store.addRun(repeat), { code: 'store.duplicate-run' });
      const beside = store.addRun({ ...repeat, variant: 'dml' });
      assert.deepEqual(store.runIds({ rerun: rerun.id }), [run.id, beside.id]);
      assert.deepEqual(store.runIds({ rerun: rerun.id, variant: 'dml' }), [beside.id]);
      store.addEpoch(run.id, metrics(1));
      assert.equal(store.curves({ rerun: rerun.id }).length, 1);
      assert.deepEqual(store.curves({ study: id }), []);
      assert.equal(store.trialsSoFar(id), 0);
      assert.equal(
        store.changeRerun(rerun.id, { state: 'running', startedAt: AT }).state,
        'running',
      );
      assert.throws(() => store.changeRerun(rerun.id, { state: 'ready' }), {
        code: 'study.illegal-move',
      });
      await store.removeRerun(rerun.id);
      assert.deepEqual(store.reruns(), []);
      assert.deepEqual(store.runs(), []);
    });

    withStore(
      'a removed study takes its trials along, not its re-runs and teachers',
      async (store) => {
        const { id } = store.addStudy(newStudy());
        const run = store.addRun(newTrial(id, 0));
        store.addRun(newTrial(id, 1, { state: 'duplicate', duplicateOf: run.id }));
        store.addRejection({ study: id, trial: 0, draw: 0, key: 'k', reason: 'target-frozen' });
        store.addDecision(run.id, decision(1, 0.5), AT);
        store.addEpoch(run.id, metrics(1));
        store.addAttempt(run.id, 'cpu:0', AT);
        await store.saveCheckpoint(newCheckpoint(run.id, 1), AT);
        const teacher = store.addRun(newTrial(id, 0, { kind: 'pretrain' }));
        const weights = await store.saveCheckpoint(
          { ...newCheckpoint(teacher.id, 16), purpose: 'final' },
          AT,
        );
        const pretrained = store.addPretrained({
          model: 'resnet8',
          training: training(),
          seed: 3,
          run: teacher.id,
          checkpoint: weights.id,
          accuracy: 0.5,
          source: '',
          asked: false,
          createdAt: AT,
        });
        assert.throws(
          () => {
            store.addRejection({ study: id, trial: 0, draw: 0, key: 'k', reason: 'again' });
          },
          { code: 'store.duplicate-rejection' },
        );
        assert.equal(store.rejections(id).length, 1);
        await store.removeStudy(id);
        assert.throws(() => store.study(id), { code: 'store.unknown-study' });
        assert.deepEqual(store.studies(), []);
        assert.deepEqual(store.runs(), [{ ...teacher, study: null }]);
        assert.deepEqual(store.allPretrained(), [pretrained]);
        assert.deepEqual(store.checkpoints(), [weights]);
      },
    );

    withStore(
      'weights of a removed trial stay while a pretrained network uses them',
      async (store) => {
        // A study file may name any of its runs as the one that made a pretrained network.
        const { id } = store.addStudy(newStudy());
        const run = store.addRun(newTrial(id, 0));
        const weights = await store.saveCheckpoint(newCheckpoint(run.id, 16), AT);
        const taught = store.addPretrained({
          ...{ model: 'resnet8', training: training(), seed: 3, run: run.id },
          ...{ checkpoint: weights.id, accuracy: 0.5, source: '', asked: false, createdAt: AT },
        });
        await store.removeStudy(id);
        assert.deepEqual(store.runs(), []);
        assert.deepEqual(store.allPretrained(), [{ ...taught, run: null }]);
        assert.deepEqual(store.checkpoints(), [{ ...weights, run: null }]);
        let bytes = 0;
        for await (const piece of store.readCheckpoint(weights.id)) bytes += piece.length;
        assert.equal(bytes, weights.bytes);
      },
    );

    withStore('pretrained networks follow their checkpoint', async (store) => {
      const weights = await store.saveCheckpoint(newCheckpoint(null, 16), AT);
      const added = store.addPretrained({
        model: 'resnet8',
        training: training(),
        seed: 3,
        run: null,
        checkpoint: null,
        accuracy: null,
        source: 'teacher.safetensors',
        asked: true,
        createdAt: AT,
      });
      const changed = store.changePretrained(added.id, { checkpoint: weights.id, accuracy: 0.25 });
      assert.deepEqual(changed, { ...added, checkpoint: weights.id, accuracy: 0.25 });
      const twin = store.addPretrained({ ...added, checkpoint: weights.id });
      store.removePretrained(added.id);
      assert.deepEqual(store.checkpoints(), [weights]);
      store.removePretrained(twin.id);
      assert.deepEqual([store.allPretrained(), store.checkpoints()], [[], []]);

      const other = await store.saveCheckpoint(newCheckpoint(null, 16), AT);
      const third = store.addPretrained({ ...added, checkpoint: other.id });
      store.dropCheckpoint(other.id);
      assert.equal(store.pretrained(third.id).checkpoint, null);
    });

    withStore('graphs of a removed study never come back as those of the next', async (store) => {
      const first = store.addStudy(newStudy());
      for (let number = 0; number < 3; number++) store.addRun(newTrial(first.id, number));
      assert.deepEqual(store.runs()[0]!.graph, dml);
      await store.removeStudy(first.id);
      const second = store.addStudy(newStudy());
      const graph = template('kd', ['resnet8', 'wrn-10-1']);
      for (let number = 0; number < 3; number++)
        store.addRun(newTrial(second.id, number, { graph, key: graphKey(graph) }));
      for (const run of store.runs()) assert.deepEqual(run.graph, graph);
    });

    withStore('a hidden study is shown when it is ready', (store) => {
      const study = store.addStudy(newStudy(), 'hidden');
      assert.deepEqual(store.studies(), []);
      assert.deepEqual(store.study(study.id), study);
      store.showStudy(study.id);
      assert.deepEqual(store.studies(), [study]);
    });

    withStore('graphs, log and settings', (store) => {
      const saved = store.saveGraph({ name: 'B', graph: dml, key: 'k', createdAt: AT });
      const earlier = store.saveGraph({ name: 'A', graph: dml, key: 'k', createdAt: AT });
      assert.deepEqual(store.savedGraphs(), [earlier, saved]);
      store.removeGraph(saved.id);
      assert.deepEqual(store.savedGraphs(), [earlier]);

      const entry = { at: AT, level: 'info' as const, study: 1, run: null, text: 'began' };
      const entries = [entry, { ...entry, study: 2 }, { ...entry, run: 5 }].map((each) =>
        store.addLog(each),
      );
      assert.deepEqual(store.logs(), entries.toReversed());
      assert.deepEqual(store.logs({ study: 1 }), [entries[2], entries[0]]);
      assert.deepEqual(store.logs({ before: entries[2]!.id, limit: 1 }), [entries[1]]);
      assert.deepEqual(store.logs({ run: 5 }), [entries[2]]);
      const long = store.addLog({ ...entry, text: `begins ${'x'.repeat(20_000)}` });
      assert.match(long.text, /^begins x{1993} … \(18007 characters more\)$/);
      assert.deepEqual(store.logs({ limit: 1 }), [long]);

      assert.equal(store.setting('slots'), undefined);
      store.setSetting('slots', { cpu: 2 });
      store.setSetting('slots', { cpu: 3 });
      assert.deepEqual(store.setting('slots'), { cpu: 3 });
    });

    withStore('other machines stay with how they are reached, oldest first', (store) => {
      const lena: Machine = {
        id: 'lena',
        name: 'Lena',
        launcher: { kind: 'ssh', host: 'me@lena', port: 40_000 },
        drained: false,
        createdAt: AT,
      };
      const hand: Machine = {
        ...lena,
        id: 'hand',
        launcher: { kind: 'command', address: null },
        createdAt: 1,
      };
      store.addMachine(lena);
      store.addMachine(hand);
      assert.deepEqual(store.machines(), [hand, lena]);
      assert.throws(() => {
        store.addMachine(lena);
      });
      store.changeMachine('lena', { drained: true });
      store.removeMachine('hand');
      assert.deepEqual(store.machines(), [{ ...lena, drained: true }]);
      for (const change of [
        () => {
          store.removeMachine('hand');
        },
        () => {
          store.changeMachine('hand', { drained: true });
        },
      ])
        assert.throws(change, { code: 'agents.not-there' });
    });
  });
}

const environment = {
  app: '0.1.0',
  revision: 'abc',
  runtime: 'node 24',
  engine: 'scripted',
  platform: 'linux x64',
  host: 'here',
  device: 'none',
  data: 'synthetic:0',
};
