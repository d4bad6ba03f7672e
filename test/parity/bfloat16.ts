import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import type { Tolerances } from './compare.ts';

/** How many times as far as PyTorch's own bfloat16 ours may deviate. */
const FACTOR = 1.5;

const FILE = 'bfloat16.json';
const fixtures = join(dirname(fileURLToPath(import.meta.url)), '..', 'fixtures');

const entry = v.object({
  kind: v.string(),
  models: v.array(v.string()),
  /** Largest and median deviation over all starts, by class of tensors. */
  classes: v.record(v.string(), v.tuple([v.number(), v.number()])),
});
type Entry = v.InferOutput<typeof entry>;

const yardstickFile = v.object({
  kind: v.literal('bfloat16'),
  files: v.record(v.string(), entry),
});

const entriesIn = (folder: string): Record<string, Entry> => {
  const path = join(folder, FILE);
  if (!existsSync(path)) return {};
  return v.parse(yardstickFile, JSON.parse(readFileSync(path, 'utf8'))).files;
};

/** All entries that lie beside the fixtures of this checkout. */
const ownEntries = (): Entry[] =>
  readdirSync(fixtures).flatMap((folder) => Object.values(entriesIn(join(fixtures, folder))));

/**
 * Returns what a fixture's answers in bfloat16 may deviate: 1.5 times as far as PyTorch's own
 * bfloat16 did over starts around the fixture (test/fixtures/yardstick), and never less than float32
 * may. A file that PyTorch has not computed takes the largest limits of similar files.
 *
 * @param name of the file, or of a checkpoint
 * @param float32 limits of float32
 */
export function bfloat16Tolerances(
  path: string,
  name: string,
  fixture: { readonly kind: string; readonly models: readonly string[] },
  float32: Tolerances,
): Tolerances {
  const found = entriesIn(dirname(path))[name];
  const classes = found ? [found.classes] : similar(ownEntries(), fixture);
  const limits: Record<string, number> = {};
  for (const each of classes)
    for (const [key, [largest]] of Object.entries(each)) {
      const [quantity, , measure] = key.split('.');
      const least = float32[measure === undefined ? key : `${quantity}.${measure}`] ?? 0;
      limits[key] = Math.max(limits[key] ?? 0, FACTOR * largest, least);
    }
  return limits;
}

/** Classes of the fixtures of this form with most networks in common. */
function similar(
  entries: readonly Entry[],
  { kind, models }: { readonly kind: string; readonly models: readonly string[] },
): Entry['classes'][] {
  const form = (name: string): string => name.replace(/2$/, '');
  const alike = entries.filter((each) => form(each.kind) === form(kind));
  const shared = (each: Entry): number =>
    each.models.filter((name) => models.includes(name)).length;
  const most = Math.max(...alike.map(shared));
  return alike.filter((each) => shared(each) === most).map(({ classes }) => classes);
}
