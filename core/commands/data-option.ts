import { absoluteSpec } from '../data/resolve.ts';
import type { Values } from './command.ts';
import { textOf } from './values.ts';

/**
 * `--data`, as it is kept with a study or run, which may go on from another folder or in a lab that
 * is open elsewhere.
 */
export const dataOf = (values: Values): string =>
  absoluteSpec(textOf(values, 'data') ?? 'synthetic');
