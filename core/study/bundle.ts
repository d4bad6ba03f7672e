import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { graphKey } from '../graph/canonical.ts';
import { environmentSchema } from './environment.ts';
import {
  fractionSchema,
  graphRecord,
  idSchema,
  lineSchema,
  seedSchema,
  textSchema,
  whole,
} from './fields.ts';
import { trainingSchema } from './plan.ts';
import { variantSchema } from './rerun.ts';

const FORMAT = 'ktg-bundle';
const VERSION = 1;

const result = v.strictObject({
  /** Place of its graph among `variants`. */
  variant: whole(),
  seed: seedSchema,
  /** Accuracy of the target at the end, and after every epoch; null for no number. */
  accuracy: fractionSchema,
  curve: v.pipe(v.array(v.nullable(fractionSchema)), v.maxLength(100_000)),
  /** Place of the environment in which it was made; null when unknown. */
  environment: v.nullable(whole()),
});

/**
 * Everything that makes the numbers of a re-run again: graphs, recipe, seeds, the identity of the
 * data, the environments, and the numbers themselves.
 */
export const bundleSchema = v.strictObject({
  format: v.literal(FORMAT),
  version: v.literal(VERSION),
  name: lineSchema(200),
  /** Number of the re-run in its lab. */
  rerun: idSchema,
  training: trainingSchema,
  /** Identity of the data set's content, `<name>:<24 hex digits>`; null before the first epoch. */
  data: v.nullable(textSchema),
  variants: v.pipe(
    v.array(v.strictObject({ name: variantSchema.entries.name, graph: graphRecord })),
    v.minLength(1),
    v.maxLength(100),
  ),
  seeds: v.pipe(v.array(seedSchema), v.minLength(1), v.maxLength(100)),
  results: v.pipe(v.array(result), v.maxLength(10_000)),
  environments: v.pipe(v.array(environmentSchema), v.maxLength(1000)),
});
export type Bundle = v.InferOutput<typeof bundleSchema>;

export const emptyBundle = { format: FORMAT, version: VERSION } as const;

/** Reads a bundle. @throws LabError `bundle.unreadable`, and `graph.*` for a wrong graph */
export function parseBundle(text: string, name: string): Bundle {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new LabError('bundle.unreadable', { name, what: 'it is no JSON' });
  }
  const read = v.safeParse(bundleSchema, content);
  if (!read.success) {
    const [issue] = read.issues;
    const place = v.getDotPath(issue) ?? 'the file';
    throw new LabError('bundle.unreadable', { name, what: `${place}: ${issue.message}` });
  }
  const { variants, results, environments } = read.output;
  const stray = results.find(
    ({ variant, environment }) =>
      variant >= variants.length || (environment ?? -1) >= environments.length,
  );
  if (stray) throw new LabError('bundle.unreadable', { name, what: 'a result refers to nothing' });
  return read.output;
}

/** One number of a bundle beside the number that was found now. */
export interface Compared {
  variant: string;
  seed: number;
  expected: number;
  /** null where the run has no result. */
  found: number | null;
}

/** Returns the numbers of a bundle beside those of runs with the same graph and seed. */
export function comparedWith(
  { variants, results }: Bundle,
  runs: readonly { key: string; seed: number; accuracy: number | null; state: string }[],
): Compared[] {
  return results.map(({ variant, seed, accuracy }) => {
    const { name, graph } = variants[variant]!;
    const key = graphKey(graph);
    const run = runs.find((each) => each.key === key && each.seed === seed);
    const found = run?.state === 'completed' ? run.accuracy : null;
    return { variant: name, seed, expected: accuracy, found };
  });
}
