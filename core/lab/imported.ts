import * as v from 'valibot';
import type { Store } from '../store/store.ts';
import { keptSetting } from './kept-setting.ts';

/** Where a study came from that was not made here. */
export interface Imported {
  /** Name of the file. */
  from: string;
  /** Milliseconds since 1970. */
  at: number;
}

/**
 * Setting of the lab file: by study. It stays here when a study is exported, so that a file comes
 * out as it came in.
 */
const NAME = 'imported';

const record = v.record(
  v.string(),
  v.strictObject({ from: v.string(), at: v.pipe(v.number(), v.safeInteger()) }),
);

const all = (store: Store): Record<number, Imported> => keptSetting(store, NAME, record) ?? {};

export const importedFrom = (store: Store, study: number): Imported | null =>
  all(store)[study] ?? null;

/** @param imported null: the study is gone */
export function noteImport(store: Store, study: number, imported: Imported | null): void {
  const { [study]: _before, ...others } = all(store);
  store.setSetting(NAME, imported ? { ...others, [study]: imported } : others);
}
