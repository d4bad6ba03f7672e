import { rm, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { LabError, problem, problemOf } from '../base/errors.ts';
import { bytesOf, placeOf } from '../data/official.ts';
import type { DataProgress } from '../data/progress.ts';
import { downloadOfficial } from '../data/resolve.ts';
import { isBuiltIn, officialOf, officialSources } from '../data/sets/sets.ts';
import { sourceNamed, sourceOf, sources } from '../data/sets/sets.ts';
import type { OfficialSource } from '../data/source.ts';
import { architecture } from '../models/architecture.ts';
import type { Store } from '../store/store.ts';
import type { StudyPlan } from '../study/plan.ts';
import type { LabProblem } from '../base/problem.ts';
import type { DataSetView, FileInput, Transfer } from './api.ts';
import { type Added, addedRecord, builtIn, ready, sizeOf, sizeOfSource } from './data-set-views.ts';
import type { Files } from './files.ts';
import { keepFile } from './keep-file.ts';
import { keptSetting } from './kept-setting.ts';
import { type DataLook, lookInThread } from './look-thread.ts';

interface UnderWay {
  abort: AbortController;
  state: 'downloading' | 'unpacking';
  transfer: Transfer;
}

const NAME = 'data-sets';

/**
 * The data sets that studies can use: built in, official ones with their download, and files that a
 * person has.
 */
export class DataSets {
  readonly #store: Store;
  readonly #files: Files;
  readonly #folder: () => string;
  readonly #changed: (view: DataSetView) => void;
  readonly #underWay = new Map<string, UnderWay>();
  readonly #problems = new Map<string, LabProblem>();

  constructor(
    store: Store,
    files: Files,
    folder: () => string,
    changed: (view: DataSetView) => void,
  ) {
    this.#store = store;
    this.#files = files;
    this.#folder = folder;
    this.#changed = changed;
  }

  async list(): Promise<DataSetView[]> {
    return Promise.all(
      [...sources.map(({ name }) => name), ...this.#added().map(({ path }) => path)].map(
        async (name) => this.view(name),
      ),
    );
  }

  async view(name: string): Promise<DataSetView> {
    const source = sourceNamed(name);
    if (source?.kind === 'official') return this.#official(source);
    if (source) return builtIn(source);
    const added = this.#added().find(({ path }) => path === name);
    if (!added) throw unknownData(name);
    const { path, title, identity, bytes } = added;
    const there = await stat(path).catch(() => undefined);
    return {
      ...ready({ name: path, title, kind: 'added' }, sizeOf(added)),
      classNames: added.classNames ?? null,
      source: path,
      bytes,
      identity,
      state: there ? 'ready' : 'missing',
      problem: there ? null : problem('data.not-found/gone', { path }),
    };
  }

  /** How many images of which size a data set has; null when only reading it would tell. */
  imagesOf(spec: string): { train: number; test: number; side: number } | null {
    const known = sourceOf(spec);
    const added = this.#added().find(({ path }) => path === spec);
    const size = known ? sizeOfSource(known) : added && sizeOf(added);
    return size ? { train: size.trainCount, test: size.testCount, side: size.side } : null;
  }

  /** The first network of a plan that cannot halve the images of its data set; null for none. */
  networkProblem({ space, training }: StudyPlan): LabProblem | null {
    const images = this.imagesOf(training.data);
    if (!images) return null;
    try {
      for (const model of space.nodes.flatMap(({ models }) => models)) architecture(model, images);
      return null;
    } catch (error) {
      return problemOf(error);
    }
  }

  /**
   * Why a study cannot use this data set now; null when it can, as far as that is known without
   * reading it.
   */
  async problemWith(spec: string): Promise<LabProblem | null> {
    if (isBuiltIn(spec)) return null;
    const source = officialOf(spec);
    if (source) {
      const view = await this.#official(source);
      if (view.state === 'ready') return null;
      return problem('data.not-downloaded/yet', { title: view.title });
    }
    const there = await stat(spec).catch(() => undefined);
    if (there) return null;
    return problem('data.not-found/set', { name: spec.slice(0, 200) });
  }

  /** Begins, or goes on with, a download; how it goes is told. */
  async download(name: string): Promise<DataSetView> {
    const source = officialOf(name);
    if (!source) throw unknownData(name);
    if (!this.#underWay.has(name)) {
      const abort = new AbortController();
      const transfer = { bytes: 0, total: null, bytesPerSecond: 0, timeLeft: null };
      this.#underWay.set(name, { abort, state: 'downloading', transfer });
      this.#problems.delete(name);
      void this.#run(source, abort.signal);
    }
    return this.view(name);
  }

  async cancel(name: string): Promise<DataSetView> {
    this.#underWay.get(name)?.abort.abort();
    return this.view(name);
  }

  /**
   * Takes up an archive or folder that a person has, after a look into it. What was sent is kept in
   * the data folder.
   */
  async add(file: FileInput, signal?: AbortSignal): Promise<DataSetView> {
    return this.#files.use(file, async (path, name) => {
      const found = await this.#look(resolve(path), 0, signal);
      return this.#note(
        found,
        'upload' in file
          ? await keepFile(path, this.#folder(), nameFor(found, name))
          : resolve(path),
      );
    });
  }

  async #note(found: DataLook, kept: string): Promise<DataSetView> {
    const { title } = sourceNamed(found.name)!;
    const official = officialSources.find(
      (source) => kept === placeOf(source, this.#folder()).path,
    );
    if (official) {
      this.#problems.delete(official.name);
      return this.#told(official.name);
    }
    const { trainCount, testCount, classes, side, classNames, identity } = found;
    const { size } = await stat(kept);
    const added = {
      path: kept,
      title: `${title} from ${basename(kept)}`,
      trainCount,
      testCount,
      classes,
      identity,
      bytes: size,
      side,
      ...(classNames && { classNames: [...classNames] }),
    };
    this.#store.setSetting(NAME, [
      ...this.#added().filter(({ path: other }) => other !== kept),
      added,
    ]);
    return this.#told(kept);
  }

  /** Removes what was downloaded; of what a person added, only the mention. */
  async remove(name: string): Promise<void> {
    const source = officialOf(name);
    if (source) {
      this.#underWay.get(name)?.abort.abort();
      for (const file of placeOf(source, this.#folder()).files) await rm(file, { force: true });
      await this.#told(name);
    } else {
      this.#store.setSetting(
        NAME,
        this.#added().filter(({ path }) => path !== name),
      );
    }
  }

  async samples(name: string, count: number, signal?: AbortSignal): Promise<DataLook['samples']> {
    return (await this.#look(name, count, signal)).samples;
  }

  close(): void {
    for (const { abort } of this.#underWay.values()) abort.abort();
  }

  #added(): Added[] {
    return keptSetting(this.#store, NAME, addedRecord) ?? [];
  }

  async #official(source: OfficialSource): Promise<DataSetView> {
    const { name, classNames, files } = source;
    const bytes = await bytesOf(source, this.#folder());
    const underWay = this.#underWay.get(name);
    const problem = this.#problems.get(name) ?? null;
    return {
      ...ready(source, source.size),
      classNames: [...classNames],
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
    await this.#told(name);
  }

  #progress(name: string, progress: DataProgress): void {
    const underWay = this.#underWay.get(name);
    if (!underWay || progress.phase === 'retry') return;
    underWay.state = progress.phase === 'download' ? 'downloading' : 'unpacking';
    const speed =
      progress.phase === 'download' ? progress : { bytesPerSecond: 0, secondsLeft: null };
    underWay.transfer = {
      bytes: progress.done,
      total: progress.total ?? null,
      bytesPerSecond: speed.bytesPerSecond ?? 0,
      timeLeft: speed.secondsLeft ?? null,
    };
    void this.#told(name);
  }

  async #told(name: string): Promise<DataSetView> {
    const view = await this.view(name);
    this.#changed(view);
    return view;
  }

  async #look(spec: string, count: number, signal?: AbortSignal): Promise<DataLook> {
    return lookInThread('data', { spec, folder: this.#folder(), count }, signal);
  }
}

/**
 * What is kept under the name of an official archive is taken for all of it: a part of one gets
 * another name.
 */
function nameFor({ name: data, trainCount, testCount }: DataLook, name: string): string {
  const official = officialSources.find(({ files }) =>
    files.some(({ file }) => name.endsWith(file)),
  );
  if (!official) return name;
  const { size } = official;
  const isComplete = trainCount === size.trainCount && testCount === size.testCount;
  return isComplete && official.name === data ? name : `part-${name.replace(/^[^\w]+/, '')}`;
}

const unknownData = (name: string): LabError =>
  new LabError('data.unknown', { name: name.slice(0, 200) });
