import { gunzipSync } from 'node:zlib';
import { LabError, messageOf } from '../base/errors.ts';
import type { Member } from './members.ts';

/**
 * The content of a member that is a gzip file of its own.
 *
 * @param max bytes; unpacking stops there
 * @throws LabError `data.too-large`, `data.truncated`, `data.damaged`
 */
export function gunzipMember({ bytes, where }: Member, max: number): Member {
  try {
    return { bytes: gunzipSync(bytes, { maxOutputLength: max }), where };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new LabError('data.too-large/unpacked', { where, max }, { cause: error });
    const message = messageOf(error);
    throw new LabError(
      /unexpected end/.test(message) ? 'data.truncated/file' : 'data.damaged/file',
      { where, message },
      { cause: error },
    );
  }
}
