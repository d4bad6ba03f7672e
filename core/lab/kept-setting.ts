import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
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
  try {
    const result = v.safeParse(schema, store.setting(name));
    return result.success ? result.output : undefined;
  } catch (error) {
    if (error instanceof LabError && error.code === 'store.damaged') return undefined;
    throw error;
  }
}
