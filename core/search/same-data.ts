import { unlessDamaged } from '../store/refusals.ts';
import type { Store } from '../store/store.ts';
import type { Run } from '../study/run.ts';

type Owned = Pick<Run, 'study' | 'rerun'>;

/** By study or re-run, the identity of the data that its first run learned from. */
const known = new WeakMap<Store, Map<string, string>>();

/**
 * Whether a run learns from other images than the earlier runs of its study or re-run: their
 * results could not be compared. The first run decides which images these are.
 *
 * @param data identity of the set that its worker has read
 */
export function isOtherData(store: Store, run: Owned, data: string): boolean {
  const { study, rerun } = run;
  if (study === null && rerun === null) return false;
  const owner = rerun === null ? `study ${study}` : `re-run ${rerun}`;
  const byOwner = known.get(store) ?? new Map<string, string>();
  known.set(store, byOwner);
  const first = byOwner.get(owner) ?? earliest(store, run) ?? data;
  byOwner.set(owner, first);
  return first !== data;
}

/** What the store knows of earlier runs, also of those before the lab was opened. */
function earliest(store: Store, { study, rerun }: Owned): string | null {
  const attempts =
    rerun === null
      ? store.attempts({ study: study! })
      : store.runs({ rerun }).flatMap(({ id }) => store.attempts({ run: id }));
  const environment = attempts.find((each) => each.environment !== null)?.environment;
  if (environment == null) return null;
  return unlessDamaged(() => store.environment(environment).data) ?? null;
}
