import { LabError } from '../../base/errors.ts';
import { migrations } from './schema.ts';

export const beingMade = (file: string): LabError =>
  new LabError(
    'store.being-made',
    `${file}: another program is making this lab just now.`,
    'Try again in a moment.',
  );

export const missingFile = (file: string): LabError =>
  new LabError('store.cannot-open', `${file}: there is no such file.`, 'Check the path.');

export const emptyFile = (file: string): LabError =>
  new LabError(
    'store.empty',
    `${file}: the file is empty, no lab yet.`,
    'Open another file, or let a search begin in this one: it becomes a lab then.',
  );

export const olderSchema = (file: string, schema: number): LabError =>
  new LabError(
    'store.older-schema',
    `${file}: the file has schema ${schema}, this program reads schema ${migrations.length} and may not change the file now.`,
    'Close the other lab, then open the file for writing once.',
  );
