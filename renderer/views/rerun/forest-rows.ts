/** Results of an ablation as rows of a forest plot and as widths of the graph's edges. */
import { mainTest } from '../../../core/analysis/comparison.ts';
import { intervalText, pointsText } from '../../../core/analysis/verdict.ts';
import { ablatedEdge } from '../../../core/graph/ablate.ts';
import type { RerunView } from '../../../core/lab/api.ts';
import type { ForestRow } from '../../charts/forest.ts';
import { edgeKey } from '../../features/graph/part.ts';
import { variantTitle } from '../../words/rerun.ts';

/** Rows in the order of effect, the largest loss by a change first; without results last. */
export function forestRows({ variants }: RerunView): ForestRow[] {
  const graph = variants[0]?.mean ?? null;
  return variants
    .slice(1)
    .map(({ name, mean, comparison }): ForestRow => {
      const test = comparison && mainTest(comparison);
      const difference =
        test?.difference ?? (graph === null || mean === null ? null : graph - mean);
      const interval = test ? `, ${intervalText(test)}` : '';
      return {
        title: variantTitle(name),
        difference,
        interval: test,
        significant: comparison?.significant === true,
        text: difference === null ? 'no result yet' : `${pointsText(difference)}${interval}`,
      };
    })
    .sort((a, b) => (b.difference ?? -Infinity) - (a.difference ?? -Infinity));
}

/** Widths of the thinnest and of the thickest edge, in usual widths. */
const [THIN, THICK] = [0.5, 3];
/** Effects below this are rounding errors of means. */
const ROUNDING = 1e-9;

/**
 * Width of each edge by its largest effect, in usual widths: an edge whose change costs nothing is
 * thin. Edges without a result keep the usual width.
 */
export function edgeWidths(view: RerunView): Map<string, number> {
  const effects = new Map<string, number>();
  for (const { name, mean } of view.variants.slice(1)) {
    const edge = ablatedEdge(name);
    const graph = view.variants[0]?.mean ?? null;
    if (!edge || mean === null || graph === null) continue;
    const key = edgeKey(edge);
    effects.set(key, Math.max(effects.get(key) ?? 0, graph - mean));
  }
  const largest = Math.max(0, ...effects.values());
  return new Map(
    [...effects].map(([key, effect]) => [
      key,
      largest > ROUNDING ? THIN + (THICK - THIN) * (effect / largest) : THIN,
    ]),
  );
}
