import type { Store } from '../store/store.ts';
import type { Environment } from '../study/environment.ts';

/** Where a run's last attempt computed; null before the first. */
export function environmentOf(store: Store, run: number): Environment | null {
  const id = store.attempts({ run }).at(-1)?.environment ?? null;
  return id === null ? null : store.environment(id);
}
