import { LabError } from '../../core/base/errors.ts';

/**
 * The bytes of a file, or of a part of it.
 *
 * @throws LabError `files.unreadable`
 */
export async function contentOf(part: Blob, name: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await part.arrayBuffer());
  } catch {
    throw new LabError('files.unreadable/changed', { name });
  }
}
