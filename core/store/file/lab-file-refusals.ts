import { LabError } from '../../base/errors.ts';
import { migrations } from './migrations.ts';

export const beingMade = (file: string): LabError => new LabError('store.being-made', { file });

export const missingFile = (file: string): LabError =>
  new LabError('store.cannot-open/no-file', { file });

export const emptyFile = (file: string): LabError => new LabError('store.empty', { file });

export const olderSchema = (file: string, schema: number): LabError =>
  new LabError('store.older-schema', { file, schema, known: migrations.length });

export const largeOldFile = (file: string, schema: number): LabError =>
  new LabError('store.older-schema/large', { file, schema, known: migrations.length });
