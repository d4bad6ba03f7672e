import type { DataSetView } from '../../../core/lab/api.ts';

/** A class as a person reads it: published lists write `aquarium_fish`; a folder keeps its name. */
export const classTitle = (name: string, kind: DataSetView['kind']): string =>
  kind === 'added' ? name : name.replaceAll('_', ' ');
