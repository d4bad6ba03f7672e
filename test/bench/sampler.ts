import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { LabError } from '../../core/base/errors.ts';
import { type RuleKind, ruleKinds } from '../../core/search/rules/rules.ts';
import { type SamplerName, samplerNames } from '../../core/search/samplers/samplers.ts';
import { COUNTS, type Landscape, type Played, play, readLandscapes } from './landscapes.ts';

type Regrets = Record<string, number>;

/** The last line of `--json`. */
interface Result {
  /** How many were played. */
  landscapes: number;
  ours: Regrets;
  random: Regrets;
  optuna: Regrets | null;
  /** Mean number of trials in a game that repeat an earlier one. */
  duplicates: number;
}

/** Games on each landscape: one alone says little, seeds differ by more than samplers. */
const repeats = [0, 1, 2];

const folder = join(import.meta.dirname, '../fixtures/landscapes');

/** Plays the sampler on toy landscapes; see `npm run bench`. */
export async function bench(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      landscapes: { type: 'string', multiple: true },
      workers: { type: 'string', default: '1' },
      sampler: { type: 'string', default: 'tpe' },
      rule: { type: 'string', default: 'none' },
      json: { type: 'boolean', default: false },
    },
  });
  const files =
    values.landscapes ?? ['interacting', 'additive'].map((name) => join(folder, `${name}.json`));
  const workers = Number(values.workers);
  const sampler = values.sampler as SamplerName;
  const rule = values.rule as RuleKind;
  if (!Number.isInteger(workers) || workers < 1 || workers >= COUNTS[0])
    throw wrong(`--workers is "${values.workers}"`, `a whole number from 1 to ${COUNTS[0] - 1}`);
  if (!samplerNames.includes(sampler))
    throw wrong(`--sampler is "${sampler}"`, samplerNames.join(', '));
  if (!ruleKinds.includes(rule)) throw wrong(`--rule is "${rule}"`, ruleKinds.join(', '));

  const results: Result[] = [];
  for (const file of files) {
    const landscapes = read(file);
    const played = (by: SamplerName, under: RuleKind): Played[] =>
      landscapes.flatMap((each) =>
        repeats.map((repeat) => play(each, { sampler: by, workers, rule: under, repeat })),
      );
    const ours = played(sampler, rule);
    const random = played('random', rule);
    const optuna = await optunaOn(file, workers);
    results.push({
      landscapes: landscapes.length,
      ours: meanOf(ours.map(({ regret }) => regret)),
      random: meanOf(random.map(({ regret }) => regret)),
      optuna,
      duplicates: ours.reduce((sum, { duplicates }) => sum + duplicates, 0) / ours.length,
    });
    const judged = rule === 'none' ? 'asha' : rule;
    if (!values.json)
      show(file, results.at(-1)!, judged, rule === judged ? ours : played(sampler, judged));
  }
  if (values.json) console.log(JSON.stringify(together(results)));
  else if (results.at(-1)!.optuna === null)
    console.log('Optuna is not installed for python3: nothing to compare with.');
  return 0;
}

function read(file: string): Landscape[] {
  try {
    return readLandscapes(file);
  } catch (error) {
    throw wrong(
      `${file} holds no landscapes (${error instanceof Error ? error.message : ''})`,
      'a JSON list',
    );
  }
}

const wrong = (what: string, expected: string): LabError =>
  new LabError({ code: 'bench.arguments', message: `${what}; expected: ${expected}.`, next: '' });

/**
 * Optuna's default sampler on the same landscapes at full budget; null where python3 has no Optuna.
 */
async function optunaOn(file: string, workers: number): Promise<Regrets | null> {
  const script = join(import.meta.dirname, 'optuna_landscapes.py');
  try {
    const { stdout } = await promisify(execFile)('python3', [script, file, String(workers)]);
    return (JSON.parse(stdout) as { optuna: Regrets }).optuna;
  } catch {
    return null;
  }
}

const meanOf = (regrets: readonly Readonly<Regrets>[]): Regrets =>
  Object.fromEntries(
    COUNTS.map((count) => [
      count,
      regrets.reduce((sum, each) => sum + each[count]!, 0) / regrets.length,
    ]),
  );

/** Means over the landscapes of all files. */
function together(results: readonly Result[]): Result {
  const landscapes = results.reduce((sum, each) => sum + each.landscapes, 0);
  const weighted = (valueOf: (result: Result) => number): number =>
    results.reduce((sum, each) => sum + valueOf(each) * each.landscapes, 0) / landscapes;
  const regrets = (of: (result: Result) => Regrets): Regrets =>
    Object.fromEntries(COUNTS.map((count) => [count, weighted((each) => of(each)[count]!)]));
  return {
    landscapes,
    ours: regrets(({ ours }) => ours),
    random: regrets(({ random }) => random),
    optuna: results.every(({ optuna }) => optuna) ? regrets(({ optuna }) => optuna!) : null,
    duplicates: weighted(({ duplicates }) => duplicates),
  };
}

function show(
  file: string,
  { landscapes, ours, random, optuna, duplicates }: Result,
  rule: RuleKind,
  judged: Played[],
) {
  console.log(`${file}: ${landscapes} landscapes, mean regret after ${COUNTS.join(' / ')} trials`);
  const rows: [string, Regrets | null][] = [
    ['ours', ours],
    ['random', random],
    ['Optuna', optuna],
    [`ours under ${rule}`, meanOf(judged.map(({ regret }) => regret))],
    ['  its completed trials', meanOf(judged.map(({ completed }) => completed))],
  ];
  for (const [name, regrets] of rows) {
    const shown = regrets && COUNTS.map((count) => regrets[count]!.toFixed(3)).join(' / ');
    if (shown) console.log(`  ${name.padEnd(24)} ${shown}`);
  }
  console.log(`  duplicates trained       ${duplicates}`);
}
