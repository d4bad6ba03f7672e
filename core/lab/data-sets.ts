import * as v from 'valibot';
import { rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { LabError } from '../base/errors.ts';
import { OFFICIAL_ARCHIVES } from '../data/archives.ts';
import { CIFAR_LAYOUTS, type CifarName } from '../data/sets/cifar.ts';
import { downloadArchive } from '../data/download.ts';
import type { DataProgress } from '../data/progress.ts';
import { syntheticOptions } from '../data/resolve.ts';
import { SYNTHETIC_DEFAULTS } from '../data/sets/synthetic.ts';
import type { Store } from '../store/store.ts';
import type { LabProblem } from '../study/problem.ts';
import type { DataSetView, FileInput, Transfer } from './api.ts';
import { problemOf } from './engine-manager.ts';
import type { Files } from './files.ts';
import { keepFile } from './keep-file.ts';
import { keptSetting } from './kept-setting.ts';
import { type DataLook, lookInThread } from './look-thread.ts';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const addedRecord: v.GenericSchema<unknown, Added[]> = v.array(
  v.object({
    path: v.string(),
    title: v.string(),
    trainCount: count,
    testCount: count,
    classes: count,
    identity: v.string(),
    bytes: count,
  }),
);

/** A data set that a person has added, as it is noted in the lab file. */
interface Added {
  path: string;
  title: string;
  trainCount: number;
  testCount: number;
  classes: number;
  identity: string;
  bytes: number;
}

interface UnderWay {
  abort: AbortController;
  state: 'downloading' | 'unpacking';
  transfer: Transfer;
}

const NAME = 'data-sets';
const OFFICIAL = Object.keys(OFFICIAL_ARCHIVES) as CifarName[];

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
      [...OFFICIAL, 'synthetic', ...this.#added().map(({ path }) => path)].map(async (name) =>
        this.view(name),
      ),
    );
  }

  async view(name: string): Promise<DataSetView> {
    if (isOfficial(name)) return this.#official(name);
    if (name === 'synthetic') {
      const { train, test, classes } = SYNTHETIC_DEFAULTS;
      return plain(name, 'Built-in pictures', train, test, classes, 'made by this program', 0);
    }
    const added = this.#added().find(({ path }) => path === name);
    if (!added) throw unknownData(name);
    const { path, title, trainCount, testCount, classes, identity, bytes } = added;
    const there = await stat(path).catch(() => undefined);
    return {
      ...plain(path, title, trainCount, testCount, classes, path, bytes),
      identity,
      state: there ? 'ready' : 'missing',
      problem: there
        ? null
        : {
            code: 'data.not-found',
            message: `${path} is not there any more.`,
            next: 'Put it back, or remove it from the list.',
          },
    };
  }

  /** How many images a data set has; null when that is not known without reading it. */
  imagesOf(spec: string): { train: number; test: number } | null {
    if (isOfficial(spec)) return CIFAR_LAYOUTS[spec].official;
    const [name, options = ''] = spec.split(':', 2);
    if (name === 'synthetic') return { ...SYNTHETIC_DEFAULTS, ...syntheticOptions(options) };
    const added = this.#added().find(({ path }) => path === spec);
    return added ? { train: added.trainCount, test: added.testCount } : null;
  }

  /**
   * Why a study cannot use this data set now; null when it can, as far as that is known without
   * reading it.
   */
  async problemWith(spec: string): Promise<LabProblem | null> {
    if (spec === 'synthetic' || spec.startsWith('synthetic:')) return null;
    if (isOfficial(spec)) {
      const view = await this.#official(spec);
      if (view.state === 'ready') return null;
      return {
        code: 'data.not-downloaded',
        message: `${view.title} is not on this machine yet.`,
        next: 'Download it first, or choose a file.',
      };
    }
    const there = await stat(spec).catch(() => undefined);
    if (there) return null;
    return {
      code: 'data.not-found',
      message: `There is no data set ${spec.slice(0, 200)}.`,
      next: 'Check the path.',
    };
  }

  /** Begins, or goes on with, a download; how it goes is told. */
  async download(name: string): Promise<DataSetView> {
    if (!isOfficial(name)) throw unknownData(name);
    if (!this.#underWay.has(name)) {
      const abort = new AbortController();
      const transfer = { bytes: 0, total: null, bytesPerSecond: 0, timeLeft: null };
      this.#underWay.set(name, { abort, state: 'downloading', transfer });
      this.#problems.delete(name);
      void this.#run(name, abort.signal);
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
    const title = CIFAR_LAYOUTS[found.name as CifarName].title;
    const official = OFFICIAL.find(
      (each) => kept === join(this.#folder(), OFFICIAL_ARCHIVES[each].file),
    );
    if (official) {
      this.#problems.delete(official);
      return this.#told(official);
    }
    const { trainCount, testCount, classes, identity } = found;
    const { size } = await stat(kept);
    const added = {
      path: kept,
      title: `${title} from ${basename(kept)}`,
      trainCount,
      testCount,
      classes,
      identity,
      bytes: size,
    };
    this.#store.setSetting(NAME, [
      ...this.#added().filter(({ path: other }) => other !== kept),
      added,
    ]);
    return this.#told(kept);
  }

  /** Removes what was downloaded; of what a person added, only the mention. */
  async remove(name: string): Promise<void> {
    if (isOfficial(name)) {
      this.#underWay.get(name)?.abort.abort();
      await rm(join(this.#folder(), OFFICIAL_ARCHIVES[name].file), { force: true });
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

  async #official(name: CifarName): Promise<DataSetView> {
    const path = join(this.#folder(), OFFICIAL_ARCHIVES[name].file);
    const there = await stat(path).catch(() => undefined);
    const { title, official, labelBytes } = CIFAR_LAYOUTS[name];
    const underWay = this.#underWay.get(name);
    const problem = this.#problems.get(name) ?? null;
    return {
      ...plain(
        name,
        title,
        official.train,
        official.test,
        labelBytes.at(-1)!.values,
        path,
        there?.size ?? 0,
      ),
      state: underWay?.state ?? (there ? 'ready' : problem ? 'failed' : 'missing'),
      download: underWay?.transfer ?? null,
      problem,
    };
  }

  async #run(name: CifarName, signal: AbortSignal): Promise<void> {
    try {
      await downloadArchive(OFFICIAL_ARCHIVES[name], {
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

  #progress(name: CifarName, progress: DataProgress): void {
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
  const { official } = CIFAR_LAYOUTS[data as CifarName];
  const whole = trainCount === official.train && testCount === official.test;
  const named = OFFICIAL.find((each) => name.endsWith(OFFICIAL_ARCHIVES[each].file));
  return named === undefined || (whole && named === data)
    ? name
    : `part-${name.replace(/^[^\w]+/, '')}`;
}

const isOfficial = (name: string): name is CifarName => (OFFICIAL as string[]).includes(name);

const plain = (
  name: string,
  title: string,
  trainCount: number,
  testCount: number,
  classes: number,
  source: string,
  bytes: number,
): DataSetView => ({
  name,
  title,
  state: 'ready',
  trainCount,
  testCount,
  classes,
  identity: null,
  source,
  bytes,
  download: null,
  problem: null,
});

const unknownData = (name: string): LabError =>
  new LabError(
    'data.unknown',
    `There is no data set "${name.slice(0, 200)}" in the list.`,
    'Add it first.',
  );
