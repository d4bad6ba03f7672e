import type { RungChoice } from '../analysis/rung-choice.ts';
import type { StudyEffects } from '../lab/api.ts';
import { counted } from './report.ts';
import { table } from './words.ts';

/** Choices in the table: the cheapest ones. */
const SHOWN = 6;

/** Returns what the trials of a study say about its stopping rule, line by line. */
export function auditLines({ audit }: Pick<StudyEffects, 'audit'>): string[] {
  const { rungs, ranOn, ranOnGood, lost, advice } = audit;
  const known = rungs.filter(({ correlation }) => correlation !== null);
  if (known.length === 0 && lost === null && advice.best === null) return [UNKNOWN];
  const { choices, best } = advice;
  const shown = choices.slice(0, SHOWN);
  if (best && !shown.includes(best)) shown.push(best);
  return [
    ...(known.length > 0
      ? [
          'Rank correlation with the last epoch: ' +
            known
              .map(
                ({ rung, correlation, trials }) =>
                  `epoch ${rung} ${correlation!.toFixed(2)} (${counted(trials, 'trial')})`,
              )
              .join(', '),
        ]
      : []),
    lost === null
      ? NO_AUDIT
      : `${counted(ranOn, 'stopped trial')} continued for the audit, ${ranOnGood} of them among the best tenth: ` +
        `the rule stopped about ${share(lost)} of the good graphs`,
    ...(best
      ? [
          '',
          ...table([
            ['first rung', 'one in', 'best 5 % kept', 'epochs a trial'],
            ...shown.map((each) => [
              String(each.firstRung),
              String(each.reduction),
              share(each.kept),
              each.epochs.toFixed(1),
            ]),
          ]),
          `Advice: ${optionsText(best)} (from ${counted(advice.trials, 'complete curve')})`,
        ]
      : [
          `${counted(advice.trials, 'complete curve')}: too few, or too alike, for advice on rungs`,
        ]),
  ];
}

const UNKNOWN = 'It is unknown how well the stopping rule decides: too few trials were completed.';
const NO_AUDIT =
  'No stopped trial continued for the audit, so the number of good graphs that were stopped is unknown.';

const share = (fraction: number): string => `${Math.round(100 * fraction)} %`;

/** Returns a rule as options of `ktg search`. */
const optionsText = ({ firstRung, reduction }: RungChoice): string =>
  `--min-epochs ${firstRung} --reduction ${reduction}`;
