import { LabError } from '../base/errors.ts';
import { usualTeachersOf } from '../search/owner.ts';
import type { Store } from '../store/store.ts';
import { type Bundle, emptyBundle } from '../study/bundle.ts';
import { withoutPlace } from '../study/plan.ts';
import { numberOrNull } from '../study/metrics.ts';

/**
 * Returns a re-run as a bundle: what makes its numbers again, and its numbers.
 *
 * @throws LabError `bundle.no-result`; `bundle.named-teacher` where a frozen node loads a network
 * that only this lab has
 */
export function bundleOf(store: Store, id: number): Bundle {
  const rerun = store.rerun(id);
  const { name, training, variants, seeds } = rerun;
  for (const { graph } of variants)
    for (const { checkpoint } of graph.nodes)
      if (checkpoint !== undefined) throw new LabError('bundle.named-teacher', { checkpoint });
  const environments: Bundle['environments'] = [];
  const results = store.runs({ rerun: id, states: ['completed'] }).flatMap((run) =>
    run.accuracy === null
      ? []
      : [
          {
            variant: variants.findIndex(({ key }) => key === run.key),
            seed: run.seed,
            accuracy: run.accuracy,
            curve: (store.curve(run.id)[0] ?? []).map(numberOrNull),
            environment: environmentIn(environments, store, run.id),
          },
        ],
  );
  if (results.length === 0) throw new LabError('bundle.no-result', { name });
  const teachers = usualTeachersOf(store, rerun).flatMap(({ model, checkpoint }) =>
    checkpoint === null ? [] : [{ model, sha256: store.checkpoint(checkpoint).sha256 }],
  );
  return {
    ...emptyBundle,
    ...{ name, rerun: id, training: withoutPlace(training) },
    data: environments[0]?.data ?? null,
    variants: variants.map(({ name: title, graph }) => ({ name: title, graph })),
    seeds,
    ...{ results, teachers, environments },
  };
}

/**
 * Returns the place of a run's environment in a list, which gets those it lacks; null where no
 * attempt tells, or where attempts in several environments made the run's numbers.
 */
function environmentIn(list: Bundle['environments'], store: Store, run: number): number | null {
  const places = new Set(
    store.attempts({ run }).flatMap(({ environment: id }) => {
      if (id === null) return [];
      const made = store.environment(id);
      const text = JSON.stringify(made);
      const at = list.findIndex((each) => JSON.stringify(each) === text);
      return at >= 0 ? at : list.push(made) - 1;
    }),
  );
  return places.size === 1 ? [...places][0]! : null;
}
