import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import { type Entry, fromFdPromise, type ZipFile } from 'yauzl';
import { LabError, messageOf } from '../../base/errors.ts';
import { fillFrom } from './fill-from.ts';
import {
  hiddenFolder,
  type ImagePlace,
  isHidden,
  MAC_FOLDER,
  MAX_FILES,
  MAX_IMAGE_BYTES,
  type PlacedFile,
  sorted,
} from './place.ts';

/** Compression of an entry: DEFLATE; anything else that can be read is stored as it is. */
const DEFLATED = 8;
const unpacked = promisify(inflateRaw);

export async function openZip(path: string): Promise<ImagePlace> {
  const file = await open(path);
  try {
    const zip = await fromFdPromise(file.fd, { autoClose: false }).catch((error: unknown) => {
      throw new LabError('data.not-an-archive/zip', { path, reason: messageOf(error) });
    });
    const { entries, hidden, repeated } = await entriesOf(zip, path);
    const files: PlacedFile[] = [...entries].map(([name, { uncompressedSize, crc32 }]) => ({
      path: name,
      bytes: uncompressedSize,
      stamp: String(crc32),
      ...(repeated.has(name) && { fault: 'is in the archive more than once' }),
    }));
    for (const path of hidden) files.push(hiddenFolder(path));
    return {
      files: sorted(files),
      read: async ({ path: name }) => contentOf(zip, file, entries.get(name)!),
      close: async () => file.close(),
    };
  } catch (error) {
    await file.close();
    if (error instanceof LabError) throw error;
    throw new LabError('data.damaged', { path, message: `${messageOf(error)}.` }, { cause: error });
  }
}

/**
 * The bytes of an entry, equal to its size and checksum. It is read without yauzl's streams: one
 * that fails is destroyed while a read of it still waits, and that read ends the process.
 *
 * @throws errors without a code for a damaged entry, with a code for a disk that fails
 */
async function contentOf(zip: ZipFile, file: FileHandle, entry: Entry): Promise<Buffer> {
  const { compressedSize, compressionMethod, uncompressedSize } = entry;
  if (!entry.canDecodeFileData()) throw new Error('it is encrypted, or compressed in a rare way');
  const most = Math.max(compressedSize, uncompressedSize);
  if (most > MAX_IMAGE_BYTES) throw new Error(`it has ${most} bytes, more than an image needs`);
  const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  const packed = Buffer.allocUnsafe(compressedSize);
  if (!(await fillFrom(file, packed, fileDataStart))) throw new Error('the archive is cut off');
  const bytes = compressionMethod === DEFLATED ? await inflated(packed, uncompressedSize) : packed;
  if (bytes.length !== uncompressedSize) throw otherSize(uncompressedSize);
  if (crc32(bytes) !== entry.crc32) throw new Error('its content has another checksum (CRC-32)');
  return bytes;
}

/** Ends as soon as there are more bytes than the directory says, however many there would be. */
async function inflated(packed: Buffer, size: number): Promise<Buffer> {
  try {
    return await unpacked(packed, { maxOutputLength: Math.max(size, 1) });
  } catch (error) {
    const isLarger = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw isLarger ? otherSize(size) : new Error(messageOf(error), { cause: error });
  }
}

const otherSize = (size: number): Error =>
  new Error(`its content has another size than the ${size} bytes that the archive says`);

async function entriesOf(
  zip: ZipFile,
  path: string,
): Promise<{ entries: Map<string, Entry>; hidden: Set<string>; repeated: Set<string> }> {
  const repeated = new Set<string>();
  const entries = new Map<string, Entry>();
  const hidden = new Set<string>();
  for await (const entry of zip.eachEntry()) {
    const { fileName } = entry;
    const names = fileName.split('/');
    const at = names.findIndex(isHidden);
    const isFolder = at >= 0 && at < names.length - 1;
    if (isFolder && names[at] !== MAC_FOLDER) hidden.add(names.slice(0, at + 1).join('/'));
    if (at >= 0 || fileName.endsWith('/')) continue;
    if (entries.has(fileName)) repeated.add(fileName); // names that are not UTF-8 may become equal
    entries.set(fileName, entry);
    if (entries.size > MAX_FILES)
      throw new LabError('data.too-many-files', { path, limit: MAX_FILES });
  }
  return { entries, hidden, repeated };
}
