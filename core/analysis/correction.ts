/**
 * Adjusted p-values by Holm (1979): the chance of any false finding stays below the level. In the
 * given order.
 */
export const holm = (p: readonly number[]): number[] =>
  stepwise(
    p,
    (a, b) => a - b,
    (value, at) => value * (p.length - at),
    Math.max,
  );

/**
 * Adjusted p-values by Benjamini and Hochberg (1995): the share of false findings. In the given
 * order.
 */
export const benjaminiHochberg = (p: readonly number[]): number[] =>
  stepwise(
    p,
    (a, b) => b - a,
    (value, at) => (value * p.length) / (p.length - at),
    Math.min,
  );

/** Walks through sorted p-values; each adjusted one is at least as extreme as those before it. */
function stepwise(
  p: readonly number[],
  order: (a: number, b: number) => number,
  adjust: (value: number, at: number) => number,
  running: (a: number, b: number) => number,
): number[] {
  const adjusted = new Array<number>(p.length);
  let bound: number | undefined;
  const sorted = p
    .map((value, index) => ({ value, index }))
    .sort((a, b) => order(a.value, b.value));
  for (const [at, { value, index }] of sorted.entries()) {
    const own = Math.min(1, adjust(value, at));
    bound = bound === undefined ? own : running(bound, own);
    adjusted[index] = bound;
  }
  return adjusted;
}
