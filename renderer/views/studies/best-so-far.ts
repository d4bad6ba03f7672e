import type { TrialRow } from '../../../core/lab/api.ts';

/**
 * The best completed accuracy so far as points of a small picture, x and y in 0..1 from its lower
 * left corner; empty below two completed trials.
 */
export function bestSoFar(rows: readonly TrialRow[]): { x: number; y: number }[] {
  const known = rows
    .filter(({ state, accuracy }) => state === 'completed' && accuracy !== null)
    .sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0));
  if (known.length < 2) return [];
  let best = 0;
  const values = known.map(({ accuracy }) => (best = Math.max(best, accuracy!)));
  const [low, high] = [values[0]!, values.at(-1)!];
  return values.map((value, i) => ({
    x: i / (values.length - 1),
    y: high > low ? (value - low) / (high - low) : 0.5,
  }));
}
