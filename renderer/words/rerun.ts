/** What is said of a re-run and its variants. */
import { mainTest } from '../../core/analysis/comparison.ts';
import { intervalText, neededText, pointsText, verdictText } from '../../core/analysis/verdict.ts';
import { gate as gateOf } from '../../core/gates/gates.ts';
import { ablatedEdge, type SkippedAblation, skippedText } from '../../core/graph/ablate.ts';
import { isTemplateName, templateTitle } from '../../core/graph/templates.ts';
import type { ReferenceRow, VariantView } from '../../core/lab/api.ts';

export function variantTitle(name: VariantView['name']): string {
  const ablated = ablatedEdge(name);
  if (ablated) {
    const { gate, source, destination } = ablated;
    return `${source === 0 ? 'Label' : source} → ${destination} ${gateOf(gate).title}`;
  }
  return isTemplateName(name) ? templateTitle(name) : 'This graph';
}

/** A change of an ablation that is not trained, and why. */
export const skippedLine = (skipped: SkippedAblation): string =>
  `${variantTitle(skipped.name)}: ${skippedText(skipped, variantTitle)}`;

/** "73.46 ± 0.42", percent; without a spread below two values; '' without a value. */
export function meanText(mean: number | null, standardDeviation: number | null): string {
  if (mean === null) return '';
  const middle = (mean * 100).toFixed(2);
  return standardDeviation === null
    ? middle
    : `${middle} ± ${(standardDeviation * 100).toFixed(2)}`;
}

/** What a comparison with a baseline means, in one sentence; '' without a test. */
export function comparisonText({
  name,
  comparison,
}: Pick<VariantView, 'name' | 'comparison'>): string {
  const test = comparison && mainTest(comparison);
  if (!test) return '';
  const way = mainTest(comparison) === comparison.paired ? 'equal seeds' : 'Welch';
  const needed = comparison.significant ? '' : neededText(comparison);
  return `${pointsText(test.difference)} points against ${variantTitle(name)}, 95 % interval ${intervalText(test)} (${way}): ${verdictText(comparison)}${needed && `; ${needed}`}`;
}

/** The paper's own claim about a row of its tables, under the same test; '' for its searched graph. */
export function referenceClaim({ comparison }: Pick<ReferenceRow, 'comparison'>): string {
  if (!comparison?.welch) return '';
  const { welch } = comparison;
  return `the paper’s searched graph: ${pointsText(welch.difference)}, ${intervalText(welch)}, ${verdictText(comparison)}`;
}

/** Variants that are the same graph, and so share their runs, together; in order. */
export function sharing(variants: readonly VariantView[]): VariantView[][] {
  const groups = new Map<unknown, VariantView[]>();
  for (const variant of variants) {
    const key = variant.runs[0]?.run ?? variant.name;
    groups.set(key, [...(groups.get(key) ?? []), variant]);
  }
  return [...groups.values()];
}
