import { open } from 'node:fs/promises';
import { LabError } from '../base/errors.ts';
import { PART_BYTES } from './messages.ts';

/**
 * One part of a file; shorter at its end.
 *
 * @param sha256 of the whole file, for the error
 * @throws LabError `agents.weights-gone` when the file cannot be opened
 */
export async function filePart(path: string, sha256: string, offset: number): Promise<Uint8Array> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new LabError('agents.weights-gone', { sha256 }, { cause: error });
  });
  try {
    const { bytesRead, buffer } = await file.read(
      Buffer.allocUnsafe(PART_BYTES),
      0,
      PART_BYTES,
      offset,
    );
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
