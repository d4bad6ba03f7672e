import { LabError } from '../base/errors.ts';
import type { Store } from '../store/store.ts';
import { type Bundle, emptyBundle } from '../study/bundle.ts';
import { withoutPlace } from '../study/plan.ts';
import { numberOrNull } from '../study/metrics.ts';
import { environmentOf } from './run-environment.ts';

/**
 * Returns a re-run as a bundle: what makes its numbers again, and its numbers.
 *
 * @throws LabError `bundle.no-result`; `bundle.named-teacher` where a frozen node loads a network
 * that only this lab has
 */
export function bundleOf(store: Store, id: number): Bundle {
  const { name, training, variants, seeds } = store.rerun(id);
  for (const { graph } of variants)
    for (const { checkpoint } of graph.nodes)
      if (checkpoint !== undefined) throw new LabError('bundle.named-teacher', { checkpoint });
  const environments: Bundle['environments'] = [];
  const placeOf = (run: number): number | null => {
    const made = environmentOf(store, run);
    if (!made) return null;
    const text = JSON.stringify(made);
    const at = environments.findIndex((each) => JSON.stringify(each) === text);
    return at >= 0 ? at : environments.push(made) - 1;
  };
  const results = store.runs({ rerun: id, states: ['completed'] }).flatMap((run) =>
    run.accuracy === null
      ? []
      : [
          {
            variant: variants.findIndex(({ key }) => key === run.key),
            seed: run.seed,
            accuracy: run.accuracy,
            curve: (store.curve(run.id)[0] ?? []).map(numberOrNull),
            environment: placeOf(run.id),
          },
        ],
  );
  if (results.length === 0) throw new LabError('bundle.no-result', { name });
  return {
    ...emptyBundle,
    ...{ name, rerun: id, training: withoutPlace(training) },
    data: environments[0]?.data ?? null,
    variants: variants.map(({ name: title, graph }) => ({ name: title, graph })),
    seeds,
    results,
    environments,
  };
}
