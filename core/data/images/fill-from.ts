import type { FileHandle } from 'node:fs/promises';

/** Fills a part of memory from a place of a file; false where the file ends before. */
export async function fillFrom(
  file: FileHandle,
  bytes: Uint8Array,
  place: number,
): Promise<boolean> {
  for (let at = 0; at < bytes.length;) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, place + at);
    if (bytesRead === 0) return false;
    at += bytesRead;
  }
  return true;
}
