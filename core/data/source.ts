import type { OfficialArchive } from './archives.ts';
import type { Dataset } from './dataset.ts';
import type { Member, Wanted } from './members.ts';

/** How large a set is; known before it is read. */
export interface SetSize {
  readonly trainCount: number;
  readonly testCount: number;
  readonly classes: number;
  /** Pixels on a side of every image. */
  readonly side: number;
}

interface NamedSource {
  /**
   * What a person writes, and the first word of the set's identity. Lab files keep it: a released
   * name never changes.
   */
  readonly name: string;
  /** As the literature writes it. */
  readonly title: string;
}

/** Images that this program makes; options follow the name: `synthetic:seed=3,train=2000`. */
export interface BuiltInSource extends NamedSource {
  readonly kind: 'built-in';
  /** Where the images come from, for a person. */
  readonly origin: string;
  /** Options for an example in usage texts. */
  readonly example: string;
  /** @throws LabError for options that it does not know */
  size(options: string): SetSize;
  /** One per class. @throws LabError as `size` */
  classNames(options: string): readonly string[];
  /** The same options give the same bytes. @throws LabError as `size` */
  make(options: string): Dataset;
}

/** A published set: files with known checksums, and how they are read. */
export interface OfficialSource extends NamedSource {
  readonly kind: 'official';
  /** Of the whole set. */
  readonly size: SetSize;
  /** One, or several that lie in a folder of their own inside the data folder. */
  readonly files: readonly OfficialArchive[];
  readonly format: FileFormat;
  /** One word per class; a list in the files is preferred. */
  readonly classNames: readonly string[];
}

/** A data set that the lab knows, in a file of its own; `sources` in sets/sets.ts lists them. */
export type DatasetSource = BuiltInSource | OfficialSource;

/** How the files of a set are read from an archive or folder, the whole set or a part of it. */
interface FileFormat {
  /** Names, without folders, of the files that tell the format. */
  readonly files: readonly string[];
  /** The files of a set in words, for messages. */
  readonly expected: string;
  /** All that it reads, with the largest sizes. */
  readonly wanted: Wanted;
  /** What a person should look for where none of the files is found. */
  readonly advice: string;
  /**
   * @param path where the files were found, for messages and as the set's source
   * @throws LabError `data.missing-file`, `data.wrong-size`, `data.label-out-of-range`
   */
  read(path: string, members: ReadonlyMap<string, Member>): Dataset;
}
