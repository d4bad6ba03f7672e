import { createWriteStream, existsSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LabError, messageOf } from '../base/errors.ts';
import type { Download, LabApi } from '../lab/api.ts';
import { writeNewFile } from '../store/file/new-file.ts';

/** Rights of a new file, before the user's mask. */
const SHARED = 0o666;

/** The name of a download as the name of a file on any system. */
export const plainName = (name: string): string => name.replace(/[^\p{L}\p{N}. _+-]/gu, '-');

export const fileExists = (file: string): LabError => new LabError('export.file-exists', { file });

/** Saves a download of the lab. The file appears complete or not at all. */
export async function save(api: LabApi, { download, name }: Download, file: string): Promise<void> {
  if (existsSync(file)) throw fileExists(file);
  try {
    await writeNewFile(
      file,
      (part) => pipeline(Readable.from(portionsOf(api, download)), createWriteStream(part)),
      SHARED,
    );
  } catch (error) {
    if (error instanceof LabError && error.code === 'store.file-exists') throw fileExists(file);
    if (error instanceof LabError && error.code !== 'store.cannot-open') throw error;
    throw new LabError('export.cannot-write', { name, file, reason: messageOf(error) });
  } finally {
    await api.request('files.forget', { file: download });
  }
}

/** Returns the text of a download of the lab. */
export async function readDownload(api: LabApi, { download }: Download): Promise<string> {
  try {
    const parts: Buffer[] = [];
    for await (const part of portionsOf(api, download)) parts.push(part);
    return Buffer.concat(parts).toString();
  } finally {
    await api.request('files.forget', { file: download });
  }
}

async function* portionsOf(api: LabApi, download: string): AsyncGenerator<Buffer> {
  for (let offset = 0; ;) {
    const { data, last } = await api.request('files.read', { download, offset });
    const bytes = Buffer.from(data, 'base64');
    offset += bytes.length;
    yield bytes;
    if (last) return;
  }
}
