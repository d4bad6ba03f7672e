import type { Environment } from './environment.ts';

/** What two environments do not share, as far as bits depend on it. */
export interface Likeness {
  /** Fields with two values. */
  differ: EnvironmentField[];
  /** Fields that only one of them records: older records lack some. */
  unknown: EnvironmentField[];
}

export type EnvironmentField = Exclude<keyof Environment, 'host' | 'leftOut'>;

/** A machine's name changes no bit, and `data` tells which images were used. */
const fieldsOf = (environment: Environment): EnvironmentField[] =>
  (Object.keys(environment) as (keyof Environment)[]).filter(
    (field): field is EnvironmentField => field !== 'host' && field !== 'leftOut',
  );

export function likenessOf(before: Environment, now: Environment): Likeness {
  const fields = [...new Set([...fieldsOf(now), ...fieldsOf(before)])];
  // A null is recorded: no revision is known outside a checkout.
  const isKnown = (field: EnvironmentField): boolean => field in before && field in now;
  return {
    differ: fields.filter((field) => isKnown(field) && before[field] !== now[field]),
    unknown: fields.filter((field) => !isKnown(field)),
  };
}

/** Whether repeats in an environment give the same bits: cards give them on request only. */
export const repeatsBits = ({ device, engine }: Environment): boolean =>
  !device.startsWith('GPU') || /\bdeterministic\b/.test(engine);
