import type { Dimension } from '../graph/space.ts';
import type { StudyEffects } from '../lab/api.ts';
import { studyNamed } from './choices.ts';
import { type Command, Exit } from './command.ts';
import { labOptions, withLab } from './lab-access.ts';
import { counted, jsonLine, line } from './report.ts';
import { textOf, integerOption } from './values.ts';
import { table } from './words.ts';
import { jsonOption } from './usage.ts';

export const command: Command = {
  forms: [['effects [STUDY] [options]', 'shows which gates and networks matter in a study']],
  arguments: { STUDY: 'number or name of a study; default the last one' },
  options: {
    rung: {
      type: 'string',
      value: 'N',
      help: 'epoch at which trials are compared; default the highest rung that 30 trials reached',
    },
    ...labOptions,
    json: jsonOption('effects, importance, interactions, lifts and suggested locks as one object'),
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

function effectLines(name: string, found: StudyEffects): string[] {
  const { rung, trials, rungs, dimensions, effects, importance, interactions, locks } = found;
  const reached = rungs.map((each) => `${each.trials} at ${each.rung}`).join(', ');
  if (trials === 0)
    return [
      `No trial of study "${name}" has reached epoch ${rung} (${reached}): nothing to compare.`,
    ];
  const open = dimensions.flatMap(({ choices }, at) => (choices.length > 1 ? [at] : []));
  const shown = effects.filter(({ dimension, count }) => open.includes(dimension) && count > 0);
  const strongest = interactions.filter(({ adjusted }) => adjusted < LEVEL).slice(0, PAIRS);
  return [
    `Study "${name}": ${counted(trials, 'trial')} at epoch ${rung} (trials by epoch: ${reached})`,
    ...(found.isRandomSample ? [] : [SAMPLED]),
    ...(shown.some(({ p }) => p !== null) ? [] : [FEW]),
    '',
    ...table([
      ['what', 'choice', 'trials', 'mean', 'effect', '95 % interval', 'p, corrected'],
      ...shown.map((each) => [
        dimensionTitle(dimensions[each.dimension]!),
        String(dimensions[each.dimension]!.choices[each.choice]!),
        String(each.count),
        points(each.mean),
        points(each.effect, true),
        each.low === null ? '-' : `${points(each.low, true)} to ${points(each.high, true)}`,
        each.adjusted === null ? '-' : each.adjusted.toPrecision(2),
      ]),
    ]),
    '',
    ...table([
      ['what', 'share of variance', 'PED-ANOVA'],
      ...open
        .toSorted((a, b) => importance[b]!.anova - importance[a]!.anova)
        .map((at) => [
          dimensionTitle(dimensions[at]!),
          points(importance[at]!.anova),
          points(importance[at]!.pedAnova),
        ]),
    ]),
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
        choices.map((choice) => String(of.choices[choice]!)),
      )}`;
    }),
  ];
}

const LEVEL = 0.05;

const SAMPLED =
  'Its sampler learns, so its trials are no random sample: effects of choices that it drew rarely are uncertain.';

const FEW = 'These trials are too few to tell the effects of the choices apart.';

const dimensionTitle = (dimension: Dimension): string =>
  dimension.kind === 'model'
    ? `node ${dimension.node}`
    : `edge ${dimension.source}-${dimension.destination}${partOf(dimension)}`;

/** Returns the part of an edge that a dimension decides; '' for its gate. */
const partOf = ({ kind }: Dimension): string => (kind === 'gate' ? '' : `.${kind}`);

/** Returns a lock in the form of `ktg search --lock`. */
const lockText = (dimension: Dimension, choices: readonly string[]): string =>
  dimension.kind === 'model'
    ? `--lock ${dimension.node}=${choices.join('+')}`
    : `--lock ${dimension.source}-${dimension.destination}${partOf(dimension)}=${choices.join('+')}`;

/** Returns a fraction in percentage points. */
function points(fraction: number | null, signed = false): string {
  if (fraction === null) return '-';
  return `${signed && fraction >= 0 ? '+' : ''}${(100 * fraction).toFixed(2)}`;
}
