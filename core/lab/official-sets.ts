import { rm } from 'node:fs/promises';
import { problemOf } from '../base/errors.ts';
import { inBackground } from '../base/in-background.ts';
import type { LabProblem } from '../base/problem.ts';
import { bytesOf, placeOf } from '../data/official.ts';
import type { DataProgress } from '../data/progress.ts';
import { downloadOfficial } from '../data/resolve.ts';
import type { OfficialSource } from '../data/source.ts';
import type { DataSetView, Transfer } from './api.ts';
import { ready } from './data-set-views.ts';

interface UnderWay {
  abort: AbortController;
  state: 'downloading' | 'unpacking';
  transfer: Transfer;
}

/** The official sets of the data folder and their downloads. */
export class OfficialSets {
  readonly #folder: () => string;
  readonly #changed: (name: string) => void;
  readonly #underWay = new Map<string, UnderWay>();
  readonly #problems = new Map<string, LabProblem>();

  /** @param changed is called with the name of a set whose view has changed */
  constructor(folder: () => string, changed: (name: string) => void) {
    this.#folder = folder;
    this.#changed = changed;
  }

  /** Begins, or goes on with, a download. */
  download(source: OfficialSource): void {
    const { name } = source;
    if (this.#underWay.has(name)) return;
    const abort = new AbortController();
    const transfer = { bytes: 0, total: null, bytesPerSecond: 0, timeLeft: null };
    this.#underWay.set(name, { abort, state: 'downloading', transfer });
    this.#problems.delete(name);
    inBackground(this.#run(source, abort.signal));
  }

  cancel(name: string): void {
    this.#underWay.get(name)?.abort.abort();
  }

  /** Its files came in another way. */
  arrived({ name }: OfficialSource): void {
    this.#problems.delete(name);
  }

  /** Deletes its files. */
  async remove(source: OfficialSource): Promise<void> {
    this.cancel(source.name);
    for (const file of placeOf(source, this.#folder()).files) await rm(file, { force: true });
  }

  close(): void {
    for (const { abort } of this.#underWay.values()) abort.abort();
  }

  async view(source: OfficialSource): Promise<DataSetView> {
    const { name, classNames, files } = source;
    const bytes = await bytesOf(source, this.#folder());
    const underWay = this.#underWay.get(name);
    const problem = this.#problems.get(name) ?? null;
    return {
      ...ready(source, source.size),
      classNames: classNames.length > 0 ? [...classNames] : null,
      source: placeOf(source, this.#folder()).path,
      bytes: bytes ?? 0,
      downloadBytes: files.reduce((sum, file) => sum + file.bytes, 0),
      state: underWay?.state ?? (bytes !== null ? 'ready' : problem ? 'failed' : 'missing'),
      download: underWay?.transfer ?? null,
      problem,
    };
  }

  async #run(source: OfficialSource, signal: AbortSignal): Promise<void> {
    const { name } = source;
    try {
      await downloadOfficial(source, {
        folder: this.#folder(),
        signal,
        onProgress: (progress) => {
          this.#progress(name, progress);
        },
      });
    } catch (error) {
      if (!signal.aborted) this.#problems.set(name, problemOf(error));
    }
    this.#underWay.delete(name);
    this.#changed(name);
  }

  #progress(name: string, progress: DataProgress): void {
    const underWay = this.#underWay.get(name);
    if (!underWay || progress.phase === 'retry' || progress.phase === 'wait') return;
    underWay.state = progress.phase === 'download' ? 'downloading' : 'unpacking';
    const speed =
      progress.phase === 'download' ? progress : { bytesPerSecond: 0, secondsLeft: null };
    underWay.transfer = {
      bytes: progress.done,
      total: progress.total ?? null,
      bytesPerSecond: speed.bytesPerSecond ?? 0,
      timeLeft: speed.secondsLeft ?? null,
    };
    this.#changed(name);
  }
}
