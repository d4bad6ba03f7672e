import { absoluteSpec } from '../data/resolve.ts';
import type { Values } from './command.ts';
import { textOf } from './values.ts';

/**
 * Returns `--data` in the form that a study or run stores: absolute paths, because it may continue
 * from another folder or in another process.
 */
export const dataOf = (values: Values): string =>
  absoluteSpec(textOf(values, 'data') ?? 'synthetic');
