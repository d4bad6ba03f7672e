import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { graphKey } from '../graph/canonical.ts';
import { TARGET, goalOf } from '../graph/graph.ts';
import { environmentSchema } from './environment.ts';
import {
  fractionSchema,
  graphRecord,
  idSchema,
  lineSchema,
  seedSchema,
  sha256Schema,
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
  /**
   * Networks that its frozen nodes loaded, by the SHA-256 of their weights; absent in older bundles.
   */
  teachers: v.exactOptional(
    v.pipe(v.array(v.strictObject({ model: textSchema, sha256: sha256Schema })), v.maxLength(100)),
  ),
  environments: v.pipe(v.array(environmentSchema), v.maxLength(1000)),
});
export type Bundle = v.InferOutput<typeof bundleSchema>;

export const emptyBundle = { format: FORMAT, version: VERSION } as const;

/**
 * Reads a bundle.
 *
 * @throws LabError `bundle.unreadable`; `bundle.contradiction` where an accuracy is not the end of
 * its own curve; `graph.*` for a wrong graph
 */
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
  requireSound(read.output, name);
  return read.output;
}

function requireSound({ variants, results, environments }: Bundle, name: string): void {
  const seen = new Set<string>();
  for (const { variant, seed, environment, accuracy, curve } of results) {
    const of = variants[variant];
    if (!of || (environment ?? -1) >= environments.length)
      throw new LabError('bundle.unreadable', { name, what: 'a result refers to nothing' });
    const place = `${graphKey(of.graph)} ${seed}`;
    if (seen.has(place))
      throw new LabError('bundle.unreadable', {
        name,
        what: `${of.name}, seed ${seed}, has two results`,
      });
    seen.add(place);
    // The curve is node 1's; where an ensemble is judged, the accuracy is another node's.
    const last = goalOf(of.graph) === TARGET ? curve.at(-1) : undefined;
    if (last !== undefined && last !== accuracy)
      throw new LabError('bundle.contradiction', { name, variant: of.name, seed, accuracy, last });
  }
}
