import { existsSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { LabError, problem } from '../base/errors.ts';
import { inBackground } from '../base/in-background.ts';
import { imagesText, USUAL_SIDE } from '../data/images/spec.ts';
import { placeOf } from '../data/official.ts';
import { isBuiltIn, officialOf, officialSources } from '../data/sets/sets.ts';
import { sourceNamed, sourceOf, sources } from '../data/sets/sets.ts';
import type { Store } from '../store/store.ts';
import type { StudyPlan } from '../study/plan.ts';
import type { LabProblem } from '../base/problem.ts';
import type { DataDecoding, DataSetView, DecodedImages, RequestInput } from './api.ts';
import {
  type Added,
  addedOf,
  addedRecord,
  addedView,
  builtIn,
  nameFor,
  sizeOf,
  sizeOfSource,
} from './data-set-views.ts';
import {
  decodedImages,
  type DecodedOf,
  decodedOf,
  openJobs,
  removeDecodedOf,
  removeUnneeded,
} from './decoded-images.ts';
import type { Files } from './files.ts';
import { keepFile } from './keep-file.ts';
import { keptSetting } from './kept-setting.ts';
import { type DataLook, readApart, type LookOptions } from './look.ts';
import { misfitOf, type PlannedImages } from './planned-images.ts';
import { OfficialSets } from './official-sets.ts';
import { imagesAt, keptOfficial, placeOfSpec } from './sent-images.ts';

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
  readonly #decoding: (decoding: DataDecoding) => void;
  readonly #official: OfficialSets;

  constructor(
    store: Store,
    files: Files,
    folder: () => string,
    changed: (view: DataSetView) => void,
    decoding: (decoding: DataDecoding) => void,
  ) {
    this.#store = store;
    this.#files = files;
    this.#folder = folder;
    this.#changed = changed;
    this.#decoding = decoding;
    this.#official = new OfficialSets(folder, (name) => inBackground(this.#told(name)));
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
    if (source?.kind === 'official') return this.#official.view(source);
    if (source) return builtIn(source);
    const added = this.#added().find(({ path }) => path === name);
    if (!added) throw unknownData(name);
    const there = await stat(placeOfSpec(name)).catch(() => undefined);
    return addedView(added, { isThere: there !== undefined, folder: this.#folder() });
  }

  /** How many images of which size a data set has; null when only reading it would tell. */
  imagesOf(spec: string): PlannedImages | null {
    const known = sourceOf(spec);
    const added = this.#added().find(({ path }) => path === spec);
    const size = known ? sizeOfSource(known) : added && sizeOf(added);
    if (!size) return null;
    const { trainCount: train, testCount: test, side, classes } = size;
    return { train, test, side, classes, validation: added?.validationCount ?? 0 };
  }

  /** One name per class; null when they are not known. */
  async classNamesOf(spec: string): Promise<readonly string[] | null> {
    const known = sourceOf(spec);
    if (known?.source.kind === 'built-in') return known.source.classNames(known.options);
    if (known) return known.source.classNames.length > 0 ? known.source.classNames : null;
    const isAdded = this.#added().some(({ path }) => path === spec);
    return isAdded ? (await this.view(spec)).classNames : null;
  }

  /** Identity of the content of a data set; null when only reading it would tell. */
  identityOf(spec: string): string | null {
    return this.#added().find(({ path }) => path === spec)?.identity ?? null;
  }

  /** Why the images of a plan do not fit it; null where they do, or are not known. */
  planProblem(plan: StudyPlan): LabProblem | null {
    const images = this.imagesOf(plan.training.data);
    return images && misfitOf(plan, images);
  }

  /**
   * Why a study cannot use this data set now; null when it can, as far as that is known without
   * reading it.
   */
  async problemWith(spec: string): Promise<LabProblem | null> {
    if (isBuiltIn(spec)) return null;
    const source = officialOf(spec);
    if (source) {
      const view = await this.#official.view(source);
      if (view.state === 'ready') return null;
      return problem('data.not-downloaded/yet', { title: view.title });
    }
    const there = await stat(placeOfSpec(spec)).catch(() => undefined);
    if (there) return null;
    return problem('data.not-found/set', { name: spec.slice(0, 200) });
  }

  /** Begins, or goes on with, a download; how it goes is told. */
  async download(name: string): Promise<DataSetView> {
    const source = officialOf(name);
    if (!source) throw unknownData(name);
    this.#official.download(source);
    return this.view(name);
  }

  async cancel(name: string): Promise<DataSetView> {
    this.#official.cancel(name);
    return this.view(name);
  }

  /**
   * Takes up an archive or folder that a person has, after a look into it. What was sent is kept in
   * the data folder. Images are decoded now, so that no training waits for it.
   */
  async add(
    { file, ...how }: RequestInput<'data.add'>,
    signal?: AbortSignal,
  ): Promise<DataSetView> {
    return this.#files.use(file, async (path, name) => {
      const isSent = 'upload' in file;
      const official = isSent ? await keptOfficial(path, this.#folder()) : null;
      if (official) {
        this.#official.arrived(official);
        return this.#told(official.name);
      }
      const images = await imagesAt(path, isSent ? name : null, this.#folder());
      if (images !== null) return this.#addImages(images, how, isSent, signal);
      const found = await this.#look(resolve(path), 0, { signal });
      return this.#note(
        found,
        isSent ? await keepFile(path, this.#folder(), nameFor(found, name)) : resolve(path),
      );
    });
  }

  async #addImages(
    path: string,
    { side = USUAL_SIDE, bad = 'skip' }: Omit<RequestInput<'data.add'>, 'file'>,
    isSent: boolean,
    signal?: AbortSignal,
  ): Promise<DataSetView> {
    const spec = imagesText({ path, side, seed: 0, bad });
    const name = basename(path);
    try {
      const found = await this.#look(spec, 0, {
        signal,
        onProgress: ({ done, total }) => {
          this.#decoding({ name, done, total });
        },
      });
      return await this.#note(found, spec, isSent);
    } catch (error) {
      // The person has the original; a copy that cannot be used would only take room.
      if (isSent) await rm(path, { recursive: true, force: true });
      throw error;
    } finally {
      this.#decoding({ name, done: 0, total: 0 });
    }
  }

  async #note(found: DataLook, kept: string, isCopy = false): Promise<DataSetView> {
    const official = officialSources.find(
      (source) => kept === placeOf(source, this.#folder()).path,
    );
    if (official) {
      this.#official.arrived(official);
      return this.#told(official.name);
    }
    const { size } = await stat(placeOfSpec(kept));
    const added = { ...addedOf(found, kept, size), ...(isCopy && { isCopy }) };
    this.#store.setSetting(NAME, [
      ...this.#added().filter(({ path: other }) => other !== kept),
      added,
    ]);
    return this.#told(kept);
  }

  /**
   * Removes what was downloaded; of what a person added, the mention, and what was decoded of it
   * unless a study still needs it.
   *
   * @param copy whether the copy goes too that the data folder has of what was sent
   * @throws LabError `data.in-use`
   */
  async remove(name: string, copy = false): Promise<void> {
    const source = officialOf(name);
    if (source) {
      await this.#official.remove(source);
      await this.#forgetDecoded(placeOf(source, this.#folder()).path);
      await this.#told(name);
      return;
    }
    const added = this.#added();
    const others = added.filter(({ path }) => path !== name);
    const view = added.length > others.length ? await this.view(name) : null;
    const ours = copy && view?.isCopy === true ? view.source : null;
    if (ours !== null) this.#requireUnused(ours, others);
    this.#store.setSetting(NAME, others);
    await this.#forgetDecoded(name);
    if (ours !== null) await rm(ours, { recursive: true, force: true });
  }

  /** @throws LabError `data.in-use` */
  #requireUnused(place: string, others: readonly Added[]): void {
    const isListed = others.some(({ path }) => placeOfSpec(path) === place);
    const users = openJobs(this.#store).filter(({ data }) => placeOfSpec(data) === place);
    if (isListed || users.length > 0)
      throw new LabError('data.in-use', { path: place, users: users.map(({ name }) => name) });
  }

  /** How much room decoded images take. */
  async decoded(): Promise<DecodedImages> {
    return decodedImages(this.#folder(), this.#needed());
  }

  /** Removes the decoded images that nothing needs. */
  async clean(): Promise<DecodedImages> {
    await removeUnneeded(this.#folder(), this.#needed());
    return this.decoded();
  }

  async #forgetDecoded(spec: string): Promise<void> {
    await removeDecodedOf(this.#folder(), decodedOf(spec), this.#needed());
  }

  /** The images of the list, of official sets that are here, and of studies that have not ended. */
  #needed(): DecodedOf[] {
    const here = officialSources
      .map((source) => placeOf(source, this.#folder()).path)
      .filter((path) => existsSync(path));
    const specs = [
      ...this.#added().map(({ path }) => path),
      ...openJobs(this.#store).map(({ data }) => data),
    ];
    return [...here, ...specs].map(decodedOf);
  }

  async samples(name: string, count: number, signal?: AbortSignal): Promise<DataLook['samples']> {
    return (await this.#look(name, count, { signal })).samples;
  }

  close(): void {
    this.#official.close();
  }

  #added(): Added[] {
    return keptSetting(this.#store, NAME, addedRecord) ?? [];
  }

  async #told(name: string): Promise<DataSetView> {
    const view = await this.view(name);
    this.#changed(view);
    return view;
  }

  async #look(spec: string, count: number, options: LookOptions): Promise<DataLook> {
    return readApart('data', { spec, folder: this.#folder(), count }, options);
  }
}

const unknownData = (name: string): LabError =>
  new LabError('data.unknown', { name: name.slice(0, 200) });
