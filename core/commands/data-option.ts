import { absoluteSpec } from '../data/resolve.ts';
import { officialSources, sources, usualSource } from '../data/sets/sets.ts';
import type { DatasetSource } from '../data/source.ts';
import type { Values } from './command.ts';
import { textOf } from './values.ts';

/**
 * `--data`, as it is kept with a study or run, which may go on from another folder or in a lab that
 * is open elsewhere.
 */
export const dataOf = (values: Values): string =>
  absoluteSpec(textOf(values, 'data') ?? usualSource.name);

/** The lines of `--data` in usage texts. */
export const dataUsage = `  --data WHAT       ${sources.map(wordsFor).join(', ')},
                    or an archive or folder of ${officialSources.map(({ title }) => title).join(', ')}`;

function wordsFor(source: DatasetSource): string {
  const { name } = source;
  if (source.kind === 'official') return name;
  const usual = source === usualSource ? 'default; ' : '';
  return `${name} (${usual}also ${name}:${source.example})`;
}
