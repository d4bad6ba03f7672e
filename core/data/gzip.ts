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
      throw new LabError(
        'data.too-large',
        `${where} unpacks to more than the ${max} bytes that are expected at most`,
        'Use the official files or a part of them.',
        { cause: error },
      );
    const message = messageOf(error);
    const isCut = /unexpected end/.test(message);
    throw new LabError(
      isCut ? 'data.truncated' : 'data.damaged',
      isCut ? `${where} ends too early (${message})` : `${where} is damaged: ${message}`,
      'Copy or download the file again.',
      { cause: error },
    );
  }
}
