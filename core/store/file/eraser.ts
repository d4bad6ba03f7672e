import { LabError } from '../../base/errors.ts';
import type { RunKind } from '../../study/run.ts';
import type { Portions } from '../portions.ts';
import type { Sqlite } from '../sqlite.ts';

/** Unused pages that are kept for the next checkpoints: a third of the file, and always 64 MiB. */
const KEPT_SHARE = 1 / 3;
const KEPT_PAGES = 16_384;
/** Pieces of a checkpoint erased in one portion. */
const PORTION_CHUNKS = 4;
/** Pages given back in one portion. */
const PORTION_PAGES = 32;

/**
 * Erases invisible records in small portions: dropped checkpoints, removed studies and
 * re-runs. An erasure that a crash interrupted continues when the file is next opened.
 */
export class Eraser {
  readonly #database: Sqlite;
  readonly #portions: Portions;
  #closed = false;
  #busy: Promise<void> | null = null;

  constructor(database: Sqlite, portions: Portions) {
    this.#database = database;
    this.#portions = portions;
  }

  /** Starts to erase; a failure (no space, closed) is left to the next time. */
  wake(): void {
    this.erase().catch((error: unknown) => {
      if (!this.#closed && !(error instanceof LabError)) throw error;
    });
  }

  /** Erases everything there is to erase now, and gives space back that is not needed soon. */
  async erase(kept: 'some' | 'nothing' = 'some'): Promise<void> {
    while (this.#busy) await this.#busy;
    this.#busy = this.#eraseAll(kept).finally(() => {
      this.#busy = null;
    });
    await this.#busy;
  }

  close(): void {
    this.#closed = true;
  }

  async #eraseAll(kept: 'some' | 'nothing'): Promise<void> {
    const steps = [
      () => this.#eraseAborted(),
      () => this.#eraseOf('study', 'trial'),
      () => this.#eraseOf('rerun', 'repeat'),
      () => this.#eraseChunks(),
      () => this.#giveBack(kept),
    ];
    for (const step of steps) {
      while (await this.#portions.turn(() => !this.#closed && step())) await this.#portions.room();
    }
  }

  /** An import that did not get to its end takes its re-runs and teachers along. */
  #eraseAborted(): boolean {
    const id = this.#database.value<number>(
      `SELECT id FROM study WHERE visible = 'aborted' LIMIT 1`,
    );
    if (id === undefined) return false;
    this.#database.transaction(() => {
      const run = this.#database.value<number | null>(
        'SELECT max(id) FROM run WHERE study = ?',
        id,
      );
      if (typeof run === 'number') {
        this.#eraseRun(run);
        return;
      }
      this.#database.run('DELETE FROM rerun WHERE study = ?', id);
      this.#eraseJob('study', id);
    });
    return true;
  }

  /** Erases one run of a removed study or re-run, or, when it has none left, itself. */
  #eraseOf(job: 'study' | 'rerun', kind: RunKind): boolean {
    const id = this.#database.value<number>(
      `SELECT id FROM ${job} WHERE visible = 'leaving' LIMIT 1`,
    );
    if (id === undefined) return false;
    this.#database.transaction(() => {
      // Duplicates refer to earlier runs: the latest goes first.
      const run = this.#database.value<number>(
        `SELECT max(id) FROM run WHERE ${job} = ? AND kind = ?`,
        ...[id, kind],
      );
      if (typeof run === 'number') this.#eraseRun(run);
      else this.#eraseJob(job, id);
    });
    return true;
  }

  #eraseRun(run: number): void {
    // Weights that a pretrained network uses stay, without their run.
    this.#database.run('UPDATE pretrained SET run = NULL WHERE run = ?', run);
    this.#database.run(
      `UPDATE checkpoint SET run = NULL, state = iif(id IN (SELECT checkpoint FROM pretrained), state, 'dropped')
         WHERE run = ?`,
      run,
    );
    for (const table of ['epoch', 'decision', 'attempt'])
      this.#database.run(`DELETE FROM ${table} WHERE run = ?`, run);
    const graph = this.#database.value<number>('DELETE FROM run WHERE id = ? RETURNING graph', run);
    this.#database.run('DELETE FROM graph WHERE id = ?', graph ?? null);
  }

  #eraseJob(job: 'study' | 'rerun', id: number): void {
    if (job === 'study') {
      for (const table of ['run', 'rerun'])
        this.#database.run(`UPDATE ${table} SET study = NULL WHERE study = ?`, id);
      this.#database.run('DELETE FROM rejection WHERE study = ?', id);
    }
    this.#database.run(`DELETE FROM ${job} WHERE id = ?`, id);
  }

  #eraseChunks(): boolean {
    const id = this.#database.value<number>(
      `SELECT id FROM checkpoint WHERE state = 'dropped' LIMIT 1`,
    );
    if (id === undefined) return false;
    const { changes } = this.#database.run(
      `DELETE FROM checkpoint_chunk WHERE checkpoint = ? AND number IN
         (SELECT number FROM checkpoint_chunk WHERE checkpoint = ? LIMIT ?)`,
      ...[id, id, PORTION_CHUNKS],
    );
    if (changes === 0) this.#database.run('DELETE FROM checkpoint WHERE id = ?', id);
    return true;
  }

  #giveBack(kept: 'some' | 'nothing'): boolean {
    const free = this.#database.value<number>('PRAGMA freelist_count') ?? 0;
    const pages = this.#database.value<number>('PRAGMA page_count') ?? 0;
    const mayStay = kept === 'nothing' ? 0 : Math.max(KEPT_PAGES, Math.floor(pages * KEPT_SHARE));
    if (free <= mayStay) return false;
    this.#database.execute(`PRAGMA incremental_vacuum(${Math.min(PORTION_PAGES, free - mayStay)})`);
    return true;
  }
}
