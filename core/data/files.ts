import { LabError } from '../base/errors.ts';
import type { Dataset } from './dataset.ts';
import { type Member, readMembers } from './members.ts';
import type { DataOptions } from './progress.ts';
import type { FileFormat, OfficialSource } from './source.ts';

/**
 * Reads a set, or a part of one in the same format, from an archive or folder; file names tell
 * which of the sources it is.
 *
 * @throws LabError those of `readMembers` and of the format, `data.ambiguous`, `data.no-images`
 */
export async function readFiles(
  path: string,
  sources: readonly OfficialSource[],
  options: DataOptions = {},
): Promise<Dataset> {
  const readable = sources.filter(hasFormat);
  const wanted = readable.map(({ format }) => format.wanted);
  const members = await readMembers(
    path,
    {
      maxBytes: new Map(wanted.flatMap(({ maxBytes }) => [...maxBytes])),
      maxTotalBytes: Math.max(...wanted.map(({ maxTotalBytes }) => maxTotalBytes)),
    },
    options,
  );
  return sourceIn(path, readable, members).format.read(path, members);
}

/** A set whose files are read as they are. */
type ReadableSource = OfficialSource & { readonly format: FileFormat };

export const hasFormat = (source: OfficialSource): source is ReadableSource =>
  source.format !== null;

function sourceIn(
  path: string,
  sources: readonly ReadableSource[],
  members: ReadonlyMap<string, Member>,
): ReadableSource {
  const present = sources.filter(({ format }) => format.files.some((name) => members.has(name)));
  if (present.length > 1)
    throw new LabError('data.ambiguous/sets', {
      path,
      present: present.map(({ title }) => title).join(' and '),
    });
  if (present[0]) return present[0];
  const expected = sources.map(({ title, format }) => `${format.expected} (${title})`);
  throw new LabError('data.no-images', {
    path,
    layouts: expected.join(' or '),
    advice: [...new Set(sources.map(({ format }) => format.advice))],
  });
}
