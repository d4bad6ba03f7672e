/** A file below the root of a data set. */
export interface PlacedFile {
  /** From the root, with `/`. */
  readonly path: string;
  readonly bytes: number;
  /** Changes when the content does: the time of its last change, or its checksum. */
  readonly stamp: string;
  /** Why it cannot be an image, whatever its name; such a file is never read. */
  readonly fault?: string;
}

/** A folder or zip archive with image files. */
export interface ImagePlace {
  /** By path, in the order of its characters. */
  readonly files: readonly PlacedFile[];
  /** @throws errors of the file system, with their codes, or of a damaged archive */
  read(file: PlacedFile): Promise<Buffer>;
  close(): Promise<void>;
}

export const MAX_FILES = 5_000_000;
/** Why a file is left out that this user may not read; it may be read later. */
export const NOT_ALLOWED = 'cannot be read: this user has no permission';
/** Bytes of one file; larger ones are listed and never read. */
export const MAX_IMAGE_BYTES = 64 << 20;

export const hiddenFolder = (path: string): PlacedFile => ({
  path,
  bytes: 0,
  stamp: '',
  fault: 'is a hidden folder, because its name begins with a dot',
});

/** Notes of macOS beside each file of an archive. */
export const MAC_FOLDER = '__MACOSX';

/** What systems leave in folders. */
export const isHidden = (name: string): boolean =>
  name.startsWith('.') || ['Thumbs.db', 'desktop.ini', MAC_FOLDER].includes(name);

export const sorted = (files: PlacedFile[]): PlacedFile[] =>
  files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
