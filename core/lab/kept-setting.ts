import * as v from 'valibot';
import { unlessDamaged } from '../store/refusals.ts';
import type { Store } from '../store/store.ts';

/**
 * A setting of the lab file, which may be a stranger's; undefined for none and for one that is none
 * of ours.
 */
export function keptSetting<T>(
  store: Store,
  name: string,
  schema: v.GenericSchema<unknown, T>,
): T | undefined {
  const result = unlessDamaged(() => v.safeParse(schema, store.setting(name)));
  return result?.success ? result.output : undefined;
}
