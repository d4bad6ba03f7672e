/** The real lab over played studies and scripted workers, for tests of the page without a page. */
import type { Lab } from '../../core/lab/lab.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import type { Store } from '../../core/store/store.ts';
import { playStudy, type Played } from '../e2e/played-study.ts';
import { scriptedLab } from '../lab/support.ts';

/** @param more adds what was not played, before the lab opens the store */
export function playedLab(
  studies: readonly Played[],
  more: (store: Store) => void = () => undefined,
): Lab {
  const store = openMemoryStore();
  for (const study of studies) playStudy(store, study);
  more(store);
  return scriptedLab({}, store);
}
