import { type RungDecision, decisionSchema, storedDecisionSchema } from '../../study/decision.ts';
import {
  packEdges,
  packNodes,
  unpackAccuracies,
  unpackEdges,
  unpackNodes,
} from '../../study/metrics.ts';
import type { Sqlite } from '../sqlite.ts';
import { decided, outOfOrder } from '../refusals.ts';
import type { Curve, Pace, ReportStore } from '../store.ts';
import { type Row, decoded, flagColumn, parsedJson, readable, readerOf } from './rows.ts';

/** Rung values with their decisions, and the metrics of every epoch. */
export function reportsIn(database: Sqlite): ReportStore {
  let arrivals: number | undefined;
  const nextArrival = (): number => {
    arrivals ??= database.value<number | null>('SELECT max(arrival) FROM decision') ?? 0;
    return ++arrivals;
  };
  return {
    rungValues: (study, rung) =>
      database
        .all<{ value: number }>(
          `SELECT value FROM run CROSS JOIN decision ON decision.run = run.id
             WHERE study = ? AND rung = ? AND value IS NOT NULL ORDER BY arrival`,
          ...[study, rung],
        )
        .map((row) => row.value),
    addDecision(run, { rung, value, go, reason }, at) {
      const { changes } = database.run(
        `INSERT INTO decision (run, rung, arrival, value, go, reason, at)
           SELECT id, ?, ?, ?, ?, ?, ? FROM run WHERE id = ? AND kind = 'trial'
           ON CONFLICT DO NOTHING`,
        ...[rung, nextArrival(), value, Number(go), JSON.stringify(reason), at, run],
      );
      if (changes === 0) throw decided(run, rung);
    },
    decisions(of) {
      const rows =
        'run' in of
          ? database.all<Row>(
              `SELECT ${decisions.columns} FROM decision WHERE run = ? ORDER BY rung`,
              of.run,
            )
          : database.all<Row>(
              `SELECT ${decisions.columns} FROM run CROSS JOIN decision ON decision.run = run.id
                 WHERE study = ? ORDER BY arrival`,
              of.study,
            );
      return readable(rows, decisions.read);
    },
    addEpoch(run, metrics, accuracy = metrics.nodes[0]?.accuracy ?? NaN) {
      const { epoch, seconds, nodes, edges } = metrics;
      database.transaction(() => {
        const { changes } = database.run(
          'UPDATE run SET epoch = ?, accuracy = ?, seconds = seconds + ? WHERE id = ? AND epoch = ? - 1',
          ...[epoch, accuracy, seconds, run, epoch],
        );
        if (changes === 0) throw outOfOrder(run, epoch);
        database.run(
          'INSERT INTO epoch VALUES (?, ?, ?, ?, ?)',
          ...[run, epoch, seconds, packNodes(nodes), packEdges(edges)],
        );
      });
    },
    epochs: (run, after = 0) =>
      database
        .all<{ epoch: number; seconds: number; nodes: Uint8Array; edges: Uint8Array }>(
          'SELECT epoch, seconds, nodes, edges FROM epoch WHERE run = ? AND epoch > ? ORDER BY epoch',
          ...[run, after],
        )
        .map(({ epoch, seconds, nodes, edges }) => ({
          epoch,
          seconds,
          nodes: unpackNodes(nodes),
          edges: unpackEdges(edges),
        })),
    lastAccuracies(run) {
      const nodes = database.value<Uint8Array>(
        'SELECT nodes FROM epoch WHERE run = ? ORDER BY epoch DESC LIMIT 1',
        run,
      );
      return nodes === undefined ? [] : unpackAccuracies(nodes);
    },
    curve: (run) =>
      byNode(
        database
          .all<{ nodes: Uint8Array }>('SELECT nodes FROM epoch WHERE run = ? ORDER BY epoch', run)
          .map(({ nodes }) => unpackAccuracies(nodes)),
      ),
    pace(of) {
      const [condition, id] = runsOf(of);
      const sums = database.get<Omit<Pace, 'survival'>>(
        `SELECT coalesce(sum(epoch), 0) AS epochs, coalesce(sum(seconds), 0.0) AS seconds, count(*) AS drawn,
           count(*) FILTER (WHERE state NOT IN ('duplicate', 'rejected')) AS trainable
           FROM run WHERE run.${condition}`,
        id,
      );
      const survival = database.all<Pace['survival'][number]>(
        `SELECT rung, count(*) AS decided, sum(go) AS wentOn FROM run CROSS JOIN decision ON decision.run = run.id
           WHERE run.${condition} GROUP BY rung ORDER BY rung`,
        id,
      );
      return { ...sums!, survival };
    },
    curves(of) {
      const [condition, id] = runsOf(of);
      const rows = database.iterate<{ run: number; nodes: Uint8Array }>(
        `SELECT epoch.run, epoch.nodes FROM run CROSS JOIN epoch ON epoch.run = run.id
           WHERE run.${condition} ORDER BY run.id, epoch.epoch`,
        id,
      );
      const curves: Curve[] = [];
      for (const { run, nodes } of rows) {
        const accuracies = unpackAccuracies(nodes);
        let curve = curves.at(-1);
        if (curve?.run !== run) curves.push((curve = { run, accuracy: accuracies.map(() => []) }));
        for (const [node, accuracy] of accuracies.entries()) curve.accuracy[node]?.push(accuracy);
      }
      return curves;
    },
  };
}

/** From the nodes' accuracies by epoch. */
const byNode = (epochs: readonly number[][]): number[][] =>
  (epochs[0] ?? []).map((_, node) => epochs.map((accuracies) => accuracies[node]!));

/** Condition for the runs of a study or re-run, and its value. */
const runsOf = (of: { study: number } | { rerun: number }): [condition: string, id: number] =>
  'study' in of ? [`study = ? AND kind = 'trial'`, of.study] : ['rerun = ?', of.rerun];

const reasonSchema = decisionSchema.entries.reason;

/** Numbers of a reason by its kind. */
const numbersOf = new Map<unknown, readonly string[]>(
  reasonSchema.options.map(({ entries: { kind, ...numbers } }) => [
    kind.literal,
    Object.keys(numbers),
  ]),
);

/**
 * A study has thousands of decisions: the schema, which takes ten times as long, reads only reasons
 * that lack a number. Throws LabError `store.damaged`.
 */
function reasonIn(text: string, run: number): RungDecision['reason'] {
  const reason = parsedJson(text) as Record<string, unknown> | null | undefined;
  const isSound = numbersOf.get(reason?.kind)?.every((key) => typeof reason?.[key] === 'number');
  return isSound === true
    ? (reason as unknown as RungDecision['reason'])
    : decoded(reasonSchema, text, 'decision', run);
}

const decisions = readerOf(storedDecisionSchema, {
  table: 'decision',
  key: 'run',
  columns: {
    go: flagColumn,
    reason: (text, run) => reasonIn(text as string, run),
  },
});
