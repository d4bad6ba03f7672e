import type { Dimension } from '../graph/space.ts';
import type { StudyEffects } from '../lab/api.ts';
import { auditLines } from './audit-lines.ts';
import { studyNamed } from './choices.ts';
import { type Command, Exit } from './command.ts';
import { labOptions, withLab } from './lab-access.ts';
import { counted, jsonLine, line } from './report.ts';
import { textOf, integerOption } from './values.ts';
import { percent, table } from './words.ts';
import { jsonOption } from './usage.ts';

export const command: Command = {
  forms: [
    [
      'effects [STUDY] [options]',
      'shows which gates and networks matter in a study, and how well its rule decides',
    ],
  ],
  arguments: { STUDY: 'number or name of a study; default the last one' },
  options: {
    rung: {
      type: 'string',
      value: 'N',
      help: 'epoch at which trials are compared; default the highest rung that 30 trials reached',
    },
    ...labOptions,
    json: jsonOption(
      'effects, importance, interactions, lifts, suggested locks and the audit of the rule as one object',
    ),
  },
  words: 1,
  run: async (values, [wanted]) =>
    withLab(values, 'look', async ({ api }) => {
      const card = await studyNamed(api, wanted);
      const { epochs } = card.study.plan.training;
      const rung =
        textOf(values, 'rung') === undefined
          ? {}
          : { rung: integerOption(values, 'rung', 1, 1, epochs) };
      const found = await api.request('studies.effects', { study: card.study.id, ...rung });
      if (values.json === true) jsonLine(found);
      else for (const text of effectLines(card.study.name, found)) line(text);
      return Exit.done;
    }),
};

/** Most printed interactions. */
const PAIRS = 5;

/** Returns what the trials of a study say, line by line. */
export function effectLines(name: string, found: StudyEffects): string[] {
  const { rung, trials, rungs, dimensions, effects, interactions, locks } = found;
  const reached = rungs.map((each) => `${each.trials} at ${each.rung}`).join(', ');
  if (trials === 0)
    return [
      `No trial of study "${name}" has reached epoch ${rung} (${reached}): nothing to compare.`,
    ];
  const open = dimensions.flatMap(({ choices }, at) => (choices.length > 1 ? [at] : []));
  const shown = effects.filter(({ dimension, count }) => open.includes(dimension) && count > 0);
  const strongest = interactions.filter(({ adjusted }) => adjusted < LEVEL).slice(0, PAIRS);
  const first = `Study "${name}": ${counted(trials, 'trial')} at epoch ${rung} (trials by epoch: ${reached})`;
  const nothing =
    open.length === 0 ? ONE_GRAPH : trials > 1 && shown.every(isNone) ? CONSTANT : null;
  if (nothing !== null) return [first, nothing, '', ...auditLines(found)];
  return [
    first,
    ...(found.isRandomSample ? [] : [sampledText(found)]),
    ...(shown.some(({ p }) => p !== null) ? [] : [FEW]),
    '',
    ...table([
      ['what', 'choice', 'trials', 'mean', 'effect', '95 % interval', 'p, corrected'],
      ...shown.map((each) => effectCells(each, dimensions)),
    ]),
    ...importanceLines(found, open),
    ...(strongest.length + locks.length > 0 ? [''] : []),
    ...strongest.map(
      ({ a, b, f, p }) =>
        `${dimensionTitle(dimensions[a]!)} and ${dimensionTitle(dimensions[b]!)} interact: ` +
        `F ${f.toFixed(1)}, p ${p.toPrecision(2)}`,
    ),
    ...locks.map(({ dimension, choices }) => {
      const of = dimensions[dimension]!;
      return `Suggested lock: ${lockText(
        of,
        choices.map((choice) => of.choices[choice]!),
      )}`;
    }),
    '',
    ...auditLines(found),
  ];
}

type Effect = StudyEffects['effects'][number];

/** Exactly no effect: the accuracies are all the same. */
const isNone = ({ effect, low, high }: Effect): boolean => effect === 0 && low === 0 && high === 0;

const effectCells = (each: Effect, dimensions: readonly Dimension[]): string[] => [
  dimensionTitle(dimensions[each.dimension]!),
  dimensions[each.dimension]!.choices[each.choice]!,
  String(each.count),
  points(each.mean),
  points(each.effect, true),
  each.low === null ? '-' : `${points(each.low, true)} to ${points(each.high, true)}`,
  each.adjusted === null ? '-' : each.adjusted.toPrecision(2),
];

/** Returns the table of importance; nothing where no trial differs from another. */
function importanceLines(
  { importance, dimensions }: Pick<StudyEffects, 'importance' | 'dimensions'>,
  open: readonly number[],
): string[] {
  if (open.every((at) => importance[at]!.anova === 0 && importance[at]!.pedAnova === 0)) return [];
  const rows = open
    .toSorted((a, b) => importance[b]!.anova - importance[a]!.anova)
    .map((at) => [
      dimensionTitle(dimensions[at]!),
      percent(importance[at]!.anova),
      percent(importance[at]!.pedAnova),
    ]);
  return ['', ...table([['what', 'share of variance', 'PED-ANOVA'], ...rows])];
}

const ONE_GRAPH = 'Its search space leaves no choice open: there is nothing to compare.';
const CONSTANT = 'All these trials have the same accuracy: no choice makes a difference.';

const LEVEL = 0.05;

/** Returns what a study whose sampler learns cannot tell, and what its shares come from. */
function sampledText({ sampled, trials }: StudyEffects): string {
  const basis =
    sampled < trials
      ? `Shares of variance, PED-ANOVA and suggested locks come from the ${sampled} trials of its random start.`
      : 'Its random start is too small, so shares and suggested locks come from all trials: ' +
        'they favour the choices that the sampler preferred.';
  return (
    'The sampler prefers good graphs and the first trials are chosen, so these trials are no ' +
    `random sample. Effects of rare choices are uncertain. ${basis}`
  );
}

const FEW = 'There are too few trials to separate the effects of the choices.';

const dimensionTitle = (dimension: Dimension): string =>
  dimension.kind === 'model'
    ? `node ${dimension.node}`
    : `${dimension.kind === 'gate' ? 'edge' : dimension.kind} ${dimension.source}-${dimension.destination}`;

/** Returns a lock in the form of `ktg search --lock`. */
const lockText = (dimension: Dimension, choices: readonly string[]): string =>
  dimension.kind === 'model'
    ? `--lock ${dimension.node}=${choices.join('+')}`
    : `--lock ${dimension.source}-${dimension.destination}${signOf(dimension)}${choices.join('+')}`;

/** Returns what stands between an edge and its choices in a lock. */
function signOf({ kind }: Dimension): string {
  if (kind === 'gate') return '=';
  return kind === 'temperature' ? '@' : `.${kind}=`;
}

/** Returns a fraction in percentage points. */
function points(fraction: number | null, signed = false): string {
  if (fraction === null) return '-';
  return `${signed && fraction >= 0 ? '+' : ''}${(100 * fraction).toFixed(2)}`;
}
