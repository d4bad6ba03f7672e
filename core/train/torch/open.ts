import { open } from 'node:fs/promises';
import { LabError } from '../../base/errors.ts';
import { openCheckpointFile } from './checkpoint-file.ts';
import type { TorchFile } from './file.ts';
import { openSafetensorsFile } from './safetensors-file.ts';

/** The first bytes of a zip archive with entries. */
const ZIP = Buffer.from('PK\x03\x04', 'latin1');

/**
 * Opens a checkpoint of PyTorch or a safetensors file in its layout; the first bytes tell which.
 *
 * @param source names the file in errors
 * @throws LabError `torch.*`
 */
export async function openTorchFile(path: string, source: string): Promise<TorchFile> {
  const begin = await firstBytes(path);
  // The length of a safetensors header may look like the beginning of the others.
  if (begin[8] === '{'.charCodeAt(0)) return openSafetensorsFile(path, source);
  if (begin.subarray(0, 4).equals(ZIP)) return openCheckpointFile(path, source);
  // A pickle begins with its protocol; the old format is several of them, one after the other.
  if (begin[0] === 0x80)
    throw new LabError('torch.unknown-format', {
      source,
      found: "PyTorch's old format without a zip archive, or another pickle",
    });
  return openSafetensorsFile(path, source);
}

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(9), 0, 9, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
