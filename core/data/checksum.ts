import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { OfficialArchive } from './archives.ts';
import { sizeOf } from './part.ts';
import type { DataOptions } from './progress.ts';

/** How a file differs from the archive, in words; null when it is that archive. */
export async function differenceOf(
  path: string,
  archive: OfficialArchive,
  { onProgress, signal }: DataOptions,
): Promise<string | null> {
  const [md5, sha256] = [createHash('md5'), createHash('sha256')];
  const total = await sizeOf(path);
  let done = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20, signal })) {
    md5.update(chunk as Buffer);
    sha256.update(chunk as Buffer);
    onProgress?.({ phase: 'check', done: (done += (chunk as Buffer).length), total });
  }
  const [foundMd5, foundSha256] = [md5.digest('hex'), sha256.digest('hex')];
  if (foundMd5 !== archive.md5) return `has MD5 ${foundMd5}, expected ${archive.md5}`;
  if (foundSha256 !== archive.sha256)
    return `has SHA-256 ${foundSha256}, expected ${archive.sha256}`;
  return null;
}
