import { LabError, messageOf } from '../../base/errors.ts';
import type { Graph } from '../../graph/graph.ts';
import type { Environment } from '../../study/environment.ts';
import { RUN_STATES, checkRunMove, mayMoveRun } from '../../study/moves.ts';
import { HERE } from '../../study/place.ts';
import type { TrainingPlan } from '../../study/plan.ts';
import { attemptSchema, failureSchema, newRun, runSchema } from '../../study/run.ts';
import type { OpenTrial, Run } from '../../study/run.ts';
import type { Sqlite } from '../sqlite.ts';
import { duplicateRun, isDamaged, unknown } from '../refusals.ts';
import type { RunFilter, RunStore } from '../store.ts';
import {
  type Row,
  flagColumn,
  jsonColumn,
  readable,
  readerOf,
  textColumn,
  wordsColumn,
} from './rows.ts';
import { flag, update, where } from './sql.ts';
import type { Texts } from './texts.ts';

/** SQLite's word for no limit. */
const ANY = -1;

/** SQL of the machine of a slot such as `lena/gpu:0:1`; HERE for one of the lab's own. */
const MACHINE = `iif(instr(slot, '/') > 0, substr(slot, 1, instr(slot, '/') - 1), '${HERE}')`;

/** Shared texts of runs. */
export interface RunTexts {
  graphs: Texts<Graph>;
  trainings: Texts<TrainingPlan>;
  environments: Texts<Environment>;
}

/** Runs, their attempts and the environments that made their numbers. */
export function runsIn(database: Sqlite, { graphs, trainings, environments }: RunTexts): RunStore {
  const { columns, read } = readerOf(runSchema, {
    table: 'run',
    columns: {
      graph: textColumn(graphs),
      training: textColumn(trainings),
      failure: jsonColumn('run', failureSchema),
      pinned: flagColumn,
      dismissed: flagColumn,
      tags: wordsColumn,
      openTrials: (text) => (text === null ? null : (JSON.parse(text as string) as OpenTrial[])),
    },
    checked: ['state', 'kind', 'variant', 'seed', 'origin', 'audit', 'drawVersion'],
  });
  const runOf = (row: Row): Run => {
    try {
      return read(row);
    } catch (error) {
      throw isDamaged(error) ? damagedRun(row, messageOf(error)) : error;
    }
  };
  // A text of its own at each call would be hashed each time.
  const oneRun = `SELECT ${columns} FROM run WHERE id = ?`;
  const run = (id: number): Run => {
    const row = database.get<Row>(oneRun, id);
    if (!row) throw unknown('run', id);
    return runOf(row);
  };

  const matching = <Columns>(
    selected: string,
    { study, rerun, kind, variant, states }: RunFilter = {},
  ): Columns[] => {
    const { clause, values } = where([
      ['study = ?', study],
      ['rerun = ?', rerun],
      ['kind = ?', kind],
      ['variant = ?', variant],
      ['state IN (SELECT value FROM json_each(?))', states && JSON.stringify(states)],
    ]);
    return database.all<Columns>(
      `SELECT ${selected} FROM run ${clause} ORDER BY study, number, id`,
      ...values,
    );
  };

  return {
    run,
    addRun(added) {
      return database.transaction(() => {
        const { kind, study, rerun, number, variant, key, seed, createdAt } = added;
        const { changes, id } = database.run(
          `INSERT INTO run (kind, study, rerun, number, variant, graph, key, seed, training, state, rejection,
             duplicate_of, created_at, open_trials, draw_version, origin, audit, notes, tags)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT DO NOTHING`,
          ...[kind, study, rerun, number, variant, graphs.add(added.graph), key, seed],
          ...[trainings.idOf(added.training), added.state ?? 'waiting', added.rejection ?? null],
          ...[
            added.duplicateOf ?? null,
            createdAt,
            added.openTrials ? JSON.stringify(added.openTrials) : null,
            added.drawVersion ?? null,
            added.origin ?? null,
            added.audit ?? null,
            added.notes ?? '',
            added.tags?.join(' ') ?? '',
          ],
        );
        if (changes === 0) throw duplicateRun(kind, number);
        return { ...newRun, ...added, id };
      });
    },
    runs: (filter) => readable(matching<Row>(columns, filter), runOf),
    runIds: (filter) => matching<{ id: number }>('id', filter).map(({ id }) => id),
    trialsSoFar: (study) =>
      (database.value<number>(
        `SELECT max(number) FROM run WHERE study = ? AND kind = 'trial'`,
        study,
      ) ?? -1) + 1,
    trialWithKey(study, key) {
      const rows = database.all<Row>(
        `SELECT ${columns} FROM run WHERE study = ? AND key = ? AND kind = 'trial'
           AND state IN ('waiting', 'running', 'completed', 'stopped') ORDER BY number`,
        ...[study, key],
      );
      return readable(rows, runOf)[0];
    },
    bestTrial(study) {
      const best = (limit: number): Run[] =>
        readable(
          database.all<Row>(
            `SELECT ${columns} FROM run WHERE study = ? AND kind = 'trial' AND accuracy IS NOT NULL
                  AND audit IS NULL
               ORDER BY state = 'completed' DESC, iif(state = 'completed', 0, epoch) DESC,
                  accuracy DESC, number LIMIT ?`,
            ...[study, limit],
          ),
          runOf,
        );
      return best(1)[0] ?? best(ANY)[0];
    },
    changeRun(id, change) {
      const { state } = change;
      const changed = update(
        database,
        'run',
        id,
        {
          ...change,
          failure: change.failure && JSON.stringify(change.failure),
          pinned: flag(change.pinned),
          dismissed: flag(change.dismissed),
          tags: change.tags?.join(' '),
        },
        state && statesBefore.get(state),
      );
      if (!changed) checkRunMove(run(id).state, state!, `Run ${id}`);
    },
    addAttempt(id, slot, at) {
      return database.transaction(() => {
        const counted = database.get<{ epoch: number; attempts: number }>(
          'UPDATE run SET attempts = attempts + 1 WHERE id = ? RETURNING epoch, attempts',
          id,
        );
        if (!counted) throw unknown('run', id);
        const { epoch, attempts: number } = counted;
        database.run(
          'INSERT INTO attempt (run, number, slot, from_epoch, started_at) VALUES (?, ?, ?, ?, ?)',
          ...[id, number, slot, epoch, at],
        );
        return {
          run: id,
          number,
          slot,
          fromEpoch: epoch,
          environment: null,
          startedAt: at,
          endedAt: null,
          outcome: null,
        };
      });
    },
    changeAttempt(id, number, { environment, endedAt, outcome }) {
      const { changes } = database.run(
        `UPDATE attempt SET environment = coalesce(?, environment), ended_at = coalesce(?, ended_at),
           outcome = coalesce(?, outcome) WHERE run = ? AND number = ?`,
        ...[environment ?? null, endedAt ?? null, outcome ?? null, id, number],
      );
      if (changes === 0) throw unknown('attempt', number);
    },
    attempts(of) {
      const rows =
        'run' in of
          ? database.all<Row>(
              `SELECT ${attempts.columns} FROM attempt WHERE run = ? ORDER BY number`,
              of.run,
            )
          : database.all<Row>(
              `SELECT ${attempts.columns} FROM attempt JOIN run ON run.id = attempt.run
                 WHERE run.study = ? AND run.kind = 'trial' ORDER BY attempt.started_at, attempt.run, attempt.number`,
              of.study,
            );
      return rows.map(attempts.read);
    },
    machinesOf(id) {
      const rows = database.all<{ run: number; machine: string }>(
        `SELECT run, ${MACHINE} AS machine FROM attempt WHERE run = ? ORDER BY number`,
        id,
      );
      return machinesByRun(rows).get(id) ?? [];
    },
    machinesOfTrials(study) {
      const rows = database.all<{ run: number; machine: string }>(
        `SELECT run, ${MACHINE} AS machine FROM attempt JOIN run ON run.id = attempt.run
           WHERE run.study = ? AND run.kind = 'trial' ORDER BY attempt.run, attempt.number`,
        study,
      );
      return machinesByRun(rows);
    },
    addEnvironment: (environment) => environments.idOf(environment),
    environment: (id) => environments.at(id),
  };
}

/** For a run that cannot be read, with the words by which people know it. */
function damagedRun({ id, kind, study, rerun, number, variant }: Row, reason: string): LabError {
  const names: Readonly<Record<string, string>> = {
    trial: `trial ${String(number)} of study ${String(study)}`,
    repeat: `${String(variant)}, seed ${Number(number) + 1} of re-run ${String(rerun)}`,
  };
  const name = names[String(kind)] ?? 'a pretraining';
  return new LabError('store.damaged/run', { reason, whose: `${name} (run ${String(id)})` });
}

/** Distinct machines of every run in rows of attempts, without runs of the lab's own machine alone. */
function machinesByRun(
  rows: readonly { readonly run: number; readonly machine: string }[],
): Map<number, string[]> {
  const found = new Map<number, string[]>();
  for (const { run, machine } of rows) {
    const known = found.get(run);
    if (!known) found.set(run, [machine]);
    else if (!known.includes(machine)) known.push(machine);
  }
  return new Map([...found].filter(([, machines]) => machines.some((each) => each !== HERE)));
}

/** By state, SQL text of the states from which a run may come into it, that one included. */
const statesBefore = new Map(
  RUN_STATES.map((state) => {
    const before = RUN_STATES.filter((from) => from === state || mayMoveRun(from, state));
    return [state, `state IN (${before.map((from) => `'${from}'`).join(', ')})`];
  }),
);

const attempts = readerOf(attemptSchema, { table: 'attempt', key: 'run' });
