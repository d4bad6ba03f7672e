import { absoluteSpec } from '../data/resolve.ts';
import { officialSources, sources, usualSource } from '../data/sets/sets.ts';
import type { DatasetSource } from '../data/source.ts';
import type { Options, Values } from './command.ts';
import { textOf } from './values.ts';

/**
 * Returns `--data` in the form that a study or run stores: absolute paths, because it may continue
 * from another folder or in another process.
 */
export const dataOf = (values: Values): string =>
  absoluteSpec(textOf(values, 'data') ?? usualSource.name);

/** Help of `--data` in usage texts. */
export const dataHelp =
  `${sources.map(wordsFor).join(', ')}, ` +
  `or an archive or folder of ${officialSources.map(({ title }) => title).join(', ')}`;

/** The option `--data` of commands that describe a training. */
export const dataOption = {
  data: { type: 'string', value: 'WHAT', help: dataHelp },
} as const satisfies Options;

function wordsFor(source: DatasetSource): string {
  const { name } = source;
  if (source.kind === 'official') return name;
  const usual = source === usualSource ? 'default; ' : '';
  return `${name} (${usual}also ${name}:${source.example})`;
}
