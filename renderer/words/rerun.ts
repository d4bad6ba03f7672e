/** What is said of a re-run and its variants. */
import type { VariantView } from '../../core/lab/api.ts';

export const variantTitle = (name: VariantView['name']): string =>
  ({
    graph: 'This graph',
    independent: 'Independent',
    kd: 'KD',
    dml: 'DML',
    'all-through': 'All-Through',
  })[name];

/** "73.46 ± 0.42", percent; without a spread below two values; '' without a value. */
export function meanText(mean: number | null, standardDeviation: number | null): string {
  if (mean === null) return '';
  const middle = (mean * 100).toFixed(2);
  return standardDeviation === null
    ? middle
    : `${middle} ± ${(standardDeviation * 100).toFixed(2)}`;
}

/** What a difference means, in one sentence. */
export function differenceText({
  name,
  difference,
}: Pick<VariantView, 'name' | 'difference'>): string {
  if (!difference) return '';
  const { mean, low, high, significant } = difference;
  return (
    `${signed(mean)} points against ${variantTitle(name)}, 95 % interval ${signed(low)} to ` +
    `${signed(high)}: ${significant ? 'significant' : 'not significant'}`
  );
}

/** A difference of accuracies in points of percent: "+0.42". */
export const signed = (difference: number): string =>
  `${difference >= 0 ? '+' : '−'}${(Math.abs(difference) * 100).toFixed(2)}`;

/** Variants that are the same graph, and so share their runs, together; in order. */
export function sharing(variants: readonly VariantView[]): VariantView[][] {
  const groups = new Map<unknown, VariantView[]>();
  for (const variant of variants) {
    const key = variant.runs[0]?.run ?? variant.name;
    groups.set(key, [...(groups.get(key) ?? []), variant]);
  }
  return [...groups.values()];
}
