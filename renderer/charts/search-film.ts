/** A search at an earlier moment: which trials had begun, how far they were, what was decided. */
import { goalOf } from '../../core/graph/graph.ts';
import type { TrialRow, WireCurve, WireDecision } from '../../core/lab/api.ts';
import type { Column } from './tournament-columns.ts';
import type { PlacedTournament } from './tournament.ts';

type Decision = WireDecision & { readonly run: number; readonly at: number };

export interface SearchMoment {
  /** Trials that had begun, as they were then. */
  readonly rows: readonly TrialRow[];
  readonly decisions: readonly Decision[];
  /** The best trial then; null before the first result. */
  readonly best: TrialRow | null;
  /** Trials that had ended. */
  readonly ended: number;
}

/** Milliseconds since 1970 at which a search began and its last trial ended; null without trials. */
export function spanOf(rows: readonly TrialRow[]): readonly [number, number] | null {
  let [first, last] = [Infinity, -Infinity];
  for (const { startedAt, endedAt } of rows) {
    if (startedAt === null) continue;
    first = Math.min(first, startedAt);
    last = Math.max(last, endedAt ?? startedAt);
  }
  return last > first ? [first, last] : null;
}

/**
 * The search at a time. Epochs of a trial are taken as equally long: its end is known, its epochs'
 * times are not.
 */
export function searchAt(
  rows: readonly TrialRow[],
  curves: ReadonlyMap<number, WireCurve>,
  decisions: readonly Decision[],
  time: number,
): SearchMoment {
  const then = rows.flatMap((row) => rowAt(row, curves, time) ?? []);
  let best: TrialRow | null = null;
  for (const row of then)
    if (row.accuracy !== null && (best === null || row.accuracy > best.accuracy!)) best = row;
  return {
    rows: then,
    decisions: decisions.filter(({ at }) => at <= time),
    best,
    ended: then.filter(({ state }) => state !== 'running').length,
  };
}

/** A trial at a time; null before it began. One that has ended stays as it is. */
function rowAt(
  row: TrialRow,
  curves: ReadonlyMap<number, WireCurve>,
  time: number,
): TrialRow | null {
  const { startedAt, endedAt, run, graph } = row;
  if (startedAt === null || startedAt > time) return null;
  if (endedAt === null || endedAt <= time) return row;
  const epoch = Math.floor((row.epoch * (time - startedAt)) / (endedAt - startedAt));
  const accuracy = curves.get(run)?.accuracy[goalOf(graph) - 1]?.[epoch - 1] ?? null;
  return { ...row, state: 'running', epoch, accuracy, endedAt: null, stop: null };
}

/** The places of a tournament with the dots that a moment had; its axes stay as they are. */
export function placesAt(
  placed: PlacedTournament,
  { rows, decisions }: SearchMoment,
): PlacedTournament {
  const reached = new Map(rows.map(({ run, epoch }) => [run, epoch]));
  const entries = placed.entries.filter(({ run, epoch }) => epoch <= (reached.get(run) ?? 0));
  const evaluated = Map.groupBy(entries, ({ epoch }) => epoch);
  const went = Map.groupBy(decisions, ({ rung }) => rung);
  const columns = placed.columns.map((column): Column => ({
    ...column,
    evaluated: evaluated.get(column.epoch)?.length ?? 0,
    continued: went.get(column.epoch)?.filter(({ go }) => go).length ?? 0,
  }));
  return { ...placed, columns, entries, ways: Map.groupBy(entries, ({ run }) => run) };
}
