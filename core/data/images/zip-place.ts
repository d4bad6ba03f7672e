import { buffer } from 'node:stream/consumers';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { LabError, messageOf } from '../../base/errors.ts';
import {
  hiddenFolder,
  type ImagePlace,
  isHidden,
  MAC_FOLDER,
  MAX_FILES,
  type PlacedFile,
  sorted,
} from './place.ts';

export async function openZip(path: string): Promise<ImagePlace> {
  const zip = await openPromise(path, { autoClose: false }).catch((error: unknown) => {
    throw new LabError('data.not-an-archive/zip', { path, reason: messageOf(error) });
  });
  try {
    const { entries, hidden } = await entriesOf(zip, path);
    const files: PlacedFile[] = [...entries].map(([name, { uncompressedSize, crc32 }]) => ({
      path: name,
      bytes: uncompressedSize,
      stamp: String(crc32),
    }));
    for (const path of hidden) files.push(hiddenFolder(path));
    return {
      files: sorted(files),
      read: async (file) => zip.openReadStreamPromise(entries.get(file.path)!).then(buffer),
      close: () => {
        zip.close();
      },
    };
  } catch (error) {
    zip.close();
    if (error instanceof LabError) throw error;
    throw new LabError('data.damaged', { path, message: `${messageOf(error)}.` }, { cause: error });
  }
}

async function entriesOf(
  zip: ZipFile,
  path: string,
): Promise<{ entries: Map<string, Entry>; hidden: Set<string> }> {
  const entries = new Map<string, Entry>();
  const hidden = new Set<string>();
  for await (const entry of zip.eachEntry()) {
    const { fileName } = entry;
    const names = fileName.split('/');
    const at = names.findIndex(isHidden);
    const isFolder = at >= 0 && at < names.length - 1;
    if (isFolder && names[at] !== MAC_FOLDER) hidden.add(names.slice(0, at + 1).join('/'));
    if (at >= 0 || fileName.endsWith('/')) continue;
    entries.set(fileName, entry);
    if (entries.size > MAX_FILES)
      throw new LabError('data.too-many-files', { path, limit: MAX_FILES });
  }
  return { entries, hidden };
}
