import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import type { RandomStream } from '../../core/base/random.ts';
import { checkLabFile } from '../../core/store/file/check.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import type { Store } from '../../core/store/store.ts';

/** More pages than any file has. */
const NO_LIMIT = 2 ** 32 - 2;

/**
 * What a lab says on its output each time that it has met a full disk, with its file still sound.
 */
export const FULL = 'full\n';

/**
 * A lab file whose disk can be full: SQLite's own limit stands in for the disk's, the error and its
 * handling are the same.
 */
export interface LimitedFile {
  store: Store;
  /** Not a page more than there are now: what is unused is given back first. */
  fill(): void;
  free(): void;
}

export function openLimited(file: string): LimitedFile {
  const connections: Database.Database[] = [];
  const { exec } = Database.prototype;
  Database.prototype.exec = function (this: Database.Database, text: string) {
    connections.push(this);
    return exec.call(this, text);
  };
  const store = openLabFile(file);
  Database.prototype.exec = exec;
  const own = connections.find(({ name }) => name === store.place.file)!;
  return {
    store,
    fill() {
      own.pragma('incremental_vacuum');
      own.pragma('max_page_count = 1');
    },
    free: () => void own.pragma(`max_page_count = ${NO_LIMIT}`),
  };
}

/**
 * Fills the disk of a lab now and then for a moment. A lab that has met it goes on when it is told
 * to. Returns what ends it.
 */
export function fillNowAndThen(
  { store, fill, free }: LimitedFile,
  random: RandomStream,
  hasMetIt: () => boolean,
  goOn: () => void,
): () => void {
  const over = new AbortController();
  const wait = (milliseconds: number): Promise<void> => sleep(milliseconds, undefined, over);
  const keepAtIt = async (): Promise<void> => {
    for (;;) {
      await wait(50 + random.below(500));
      fill();
      await wait(20 + random.below(150));
      free();
      if (!hasMetIt()) continue;
      assert.deepEqual(checkLabFile(store.place.file!), []);
      process.stdout.write(FULL);
      goOn();
    }
  };
  keepAtIt().catch((error: unknown) => {
    if (!over.signal.aborted) throw error;
  });
  return () => {
    free();
    over.abort();
  };
}
