import { auditSentences, shareText } from '../analysis/audit-words.ts';
import type { RungChoice } from '../analysis/rung-choice.ts';
import type { StudyEffects } from '../lab/api.ts';
import { counted } from './report.ts';
import { table } from './words.ts';

/** Choices in the table: the cheapest ones. */
const SHOWN = 6;

/** Returns what the trials of a study say about its stopping rule, line by line. */
export function auditLines({ audit }: Pick<StudyEffects, 'audit'>): string[] {
  const { choices, best, trials, good } = audit.advice;
  const shown = choices.slice(0, SHOWN);
  if (best && !shown.includes(best)) shown.push(best);
  const known = auditSentences(audit);
  if (!best && trials === 0) return known;
  return [
    ...known,
    ...(best
      ? [
          '',
          ...table([
            ['first rung', 'one in', 'best 5 % kept', 'epochs a trial'],
            ...shown.map((each) => [
              String(each.firstRung),
              String(each.reduction),
              shareText(each.kept),
              each.epochs.toFixed(1),
            ]),
          ]),
          `Advice: ${optionsText(best)} (from ${counted(trials, 'complete curve')}, ${good} of them good)`,
        ]
      : [`${counted(trials, 'complete curve')}: too few, or too alike, for advice on rungs`]),
  ];
}

/** Returns a rule as options of `ktg search`. */
const optionsText = ({ firstRung, reduction }: RungChoice): string =>
  `--min-epochs ${firstRung} --reduction ${reduction}`;
