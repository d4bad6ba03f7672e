/**
 * Returns p-values adjusted by Holm (1979), in the given order: they bound the chance of any false
 * finding.
 */
export const holm = (p: readonly number[]): number[] =>
  stepwise(
    p,
    (a, b) => a - b,
    (value, at) => value * (p.length - at),
    Math.max,
  );

/**
 * Returns p-values adjusted by Benjamini and Hochberg (1995), in the given order: they bound the
 * share of false findings.
 */
export const benjaminiHochberg = (p: readonly number[]): number[] =>
  stepwise(
    p,
    (a, b) => b - a,
    (value, at) => (value * p.length) / (p.length - at),
    Math.min,
  );

/** Adjusts sorted p-values so that each is at least as extreme as those before it. */
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
