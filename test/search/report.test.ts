import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { withEnsemble } from '../../core/graph/edit.ts';
import { paperSpace, withSpaceEnsemble } from '../../core/graph/space.ts';
import { auditedTrial } from '../../core/search/audited.ts';
import { judgeOf } from '../../core/search/judge.ts';
import { type Rule, rungsOf } from '../../core/search/rules/rules.ts';
import { receive } from '../../core/search/report.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import type { Store } from '../../core/store/store.ts';
import { paperRule } from '../../core/study/plan.ts';
import { wireDecision } from '../../core/study/decision.ts';
import { AT, dml, metrics, newStudy, newTrial, training } from '../contract/samples.ts';

type Event =
  | [
      'r',
      trial: number,
      epoch: number,
      accuracy: number | null,
      decision: 0 | 1,
      n?: number,
      better?: number,
    ]
  | ['f' | 'd', trial: number];
interface Sequence {
  id: number;
  style: string;
  events: Event[];
}

const folder = mkdtempSync(join(tmpdir(), 'ktg-report-'));
after(() => {
  rmSync(folder, { recursive: true });
});
const fixture = (name: string): Sequence[] =>
  (
    JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/asha', name), 'utf8')) as {
      sequences: Sequence[];
    }
  ).sequences;

/** A study and what is needed to report to it. */
function reporting(store: Store, rule: Rule, epochs: number) {
  const study = store.addStudy(newStudy('s', { rule, training: training({ epochs }) }));
  let judge = judgeOf(store, study.id, study.plan);
  const runs = new Map<number, number>();
  const runOf = (trial: number): number => {
    let id = runs.get(trial);
    if (id === undefined) {
      id = store.addRun(newTrial(study.id, trial, { training: study.plan.training })).id;
      store.changeRun(id, { state: 'running' });
      store.addAttempt(id, 'slot', AT);
      runs.set(trial, id);
    }
    return id;
  };
  return {
    study: study.id,
    runOf,
    /** A lab that was started again reads everything from its store. */
    restart: () => (judge = judgeOf(store, study.id, study.plan)),
    report: (trial: number, epoch: number, accuracy: number) =>
      receive(
        store,
        judge,
        { run: runOf(trial), attempt: 1, environment: null },
        metrics(epoch, accuracy),
        AT,
      ),
  };
}

/**
 * Plays a recorded sequence; epochs that are no rungs are reported between, since a run reports
 * every epoch.
 */
function play({ events }: Sequence, store: Store, restartEach: number): void {
  const { runOf, report, restart } = reporting(store, paperRule, 200);
  for (const [index, event] of events.entries()) {
    if (index % restartEach === restartEach - 1) restart();
    if (event[0] !== 'r') continue;
    const [, trial, epoch, accuracy, decision, n, better] = event;
    for (let between = store.run(runOf(trial)).epoch + 1; between < epoch; between++)
      assert.equal(report(trial, between, 0.001).decisions.length, 0);
    const { go, decisions, fresh } = report(trial, epoch, accuracy === null ? NaN : accuracy / 100);
    assert.equal(go, decision === 1, `event ${index}`);
    assert.equal(store.run(runOf(trial)).state, go ? 'running' : 'stopped');
    if (!fresh || n === undefined) continue;
    const { n: found, rank } = wireDecision(decisions[0]!);
    assert.deepEqual([found, rank! - 1], [n, better], `event ${index}`);
  }
}

void describe('reports', () => {
  void test('every recorded decision of Optuna comes out of the store', async () => {
    for (const sequence of fixture('sequences.json')) play(sequence, openMemoryStore(), 7);
    const store = openLabFile(join(folder, 'fixtures.ktg'));
    for (const sequence of fixture('sequences.json').slice(0, 12)) play(sequence, store, 11);
    assert.deepEqual(await store.check(), []);
    store.close();
  });

  void test('reporting an epoch again changes nothing', () => {
    for (const sequence of fixture('extra.json').filter((each) => each.style === 'replaying'))
      play(sequence, openMemoryStore(), 5);
  });

  void test('any arrivals: decisions, replays and restarts agree with a slow rebuild', () => {
    const arrival = fc.record({
      trial: fc.nat(9),
      accuracy: fc.oneof(
        { weight: 9, arbitrary: fc.integer({ min: 0, max: 12 }).map((level) => level / 12) },
        fc.constant(NaN),
      ),
      replay: fc.boolean(),
      restart: fc.nat(9).map((chance) => chance === 0),
    });
    fc.assert(
      fc.property(
        fc.array(arrival, { maxLength: 120 }),
        fc.integer({ min: 2, max: 4 }),
        (arrivals, eta) => {
          const store = openMemoryStore();
          const rule: Rule = { kind: 'asha', reductionFactor: eta, minimumResource: 1 };
          const { study, runOf, report, restart } = reporting(store, rule, 40);
          const rungs = rungsOf(rule, 40);
          const slow = new Map<number, number[]>();
          for (const { trial, accuracy, replay, restart: again } of arrivals) {
            if (again) restart();
            const { epoch, state } = store.run(runOf(trial));
            if (state !== 'running' || epoch === 40) continue;
            const before = store.decisions({ study });
            if (replay && epoch > 0) {
              assert.deepEqual(report(trial, epoch, accuracy), {
                go: true,
                pinned: false,
                fresh: false,
                decisions: [],
              });
              assert.deepEqual(store.decisions({ study }), before);
              continue;
            }
            const { go } = report(trial, epoch + 1, accuracy);
            if (!rungs.includes(epoch + 1)) {
              assert.equal(go, true);
              continue;
            }
            const values = slow.get(epoch + 1) ?? [];
            slow.set(epoch + 1, values);
            if (!Number.isNaN(accuracy)) values.push(accuracy);
            const rank = 1 + values.filter((other) => other > accuracy).length;
            assert.equal(
              go,
              !Number.isNaN(accuracy) && rank <= Math.max(1, Math.floor(values.length / eta)),
            );
          }
          for (const [rung, values] of slow)
            assert.deepEqual(store.rungValues(study, rung), values);
        },
      ),
      { numRuns: 150 },
    );
  });

  void test('the median rule: worse than the median of what others had, then stopped with the reason', () => {
    const store = openMemoryStore();
    const { report, runOf, restart } = reporting(
      store,
      { kind: 'median', grace: 1, samples: 2 },
      8,
    );
    for (const trial of [0, 1, 2]) {
      const { go, decisions } = report(trial, 1, 0.5 + trial / 10);
      assert.equal(go, true);
      // The third has two others to compare with: means 0.5 and 0.6.
      assert.deepEqual(
        decisions.map(wireDecision).map(({ n, median, value }) => [n, median, value]),
        trial < 2 ? [] : [[2, 0.55, 0.7]],
      );
    }
    restart();
    const late = report(3, 1, 0.2);
    assert.equal(late.go, false);
    assert.deepEqual(
      late.decisions
        .map(wireDecision)
        .map(({ rung, value, n, rank, median }) => [rung, value, n, rank, median]),
      [[1, 0.2, 3, null, 0.6]],
    );
    assert.equal(store.run(runOf(3)).state, 'stopped');
  });

  void test('the median rule and the effects read the ensemble where its accuracy counts', () => {
    const store = openMemoryStore();
    const space = withSpaceEnsemble(paperSpace(2), { combine: 'logits', isObjective: true });
    const graph = withEnsemble(dml, space.ensemble!);
    const rule = { kind: 'median' as const, grace: 1, samples: 1 };
    const { id, plan } = store.addStudy(newStudy('s', { space, rule }));
    // the target is better than the ensemble in the first trial, and worse in the second
    const runs = [
      [0.9, 0.2],
      [0.1, 0.3],
    ].map(([target, ensemble], number) => {
      const { id: run } = store.addRun(newTrial(id, number, { graph }));
      store.changeRun(run, { state: 'running' });
      store.addAttempt(run, 'slot', AT);
      const own = metrics(1, target);
      const last = { ...own.nodes[0]!, accuracy: ensemble! };
      const edges = graph.edges.map(() => null);
      const report = { run, attempt: 1, environment: null };
      const told = { ...own, nodes: [...own.nodes, last], edges };
      const { go } = receive(store, judgeOf(store, id, plan), report, told, AT);
      return { run, go };
    });
    assert.deepEqual(
      runs.map(({ go }) => go),
      [true, true],
    );
    assert.deepEqual(
      runs.map(({ run }) => auditedTrial(store, store.run(run), [1]).curve),
      [[0.2], [0.3]],
    );
  });

  void test('gaps, other graphs and runs that do not run are refused and leave nothing', () => {
    const store = openMemoryStore();
    const { report, runOf } = reporting(store, paperRule, 16);
    assert.throws(() => report(0, 2, 0.5), { code: 'search.epoch-gap' });
    const wide = { ...metrics(1), nodes: [...metrics(1).nodes, metrics(1).nodes[0]!] };
    assert.throws(
      () => receive(store, null, { run: runOf(0), attempt: 1, environment: null }, wide, AT),
      {
        code: 'search.epoch-gap',
      },
    );
    store.changeRun(runOf(0), { state: 'cancelled' });
    assert.throws(() => report(0, 1, 0.5), { code: 'search.epoch-gap' });
    assert.deepEqual(store.epochs(runOf(0)), []);
  });
});
