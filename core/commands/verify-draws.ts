import { existsSync } from 'node:fs';
import type { Redraw, StudyCard } from '../lab/api.ts';
import { studyNamed } from './choices.ts';
import { Exit } from './command.ts';
import type { Values } from './command.ts';
import { withLab } from './lab-access.ts';
import { counted, jsonLine, line } from './report.ts';

/** True of the number of a study; a file of that name goes first. */
export const isStudyNumber = (word: string): boolean => /^\d+$/.test(word) && !existsSync(word);

/** Draws every trial of a study again and says whether its record is what comes out. */
export const verifyDraws = (values: Values, study: string): Promise<number> =>
  withLab(values, 'look', async ({ api }) => {
    const card = await studyNamed(api, study);
    const trials = await api.request('studies.redraw', { study: card.study.id });
    const verdict = verdictOf(trials);
    if (values.json === true) jsonLine({ event: 'redrawn', study: card.study.id, verdict, trials });
    else for (const text of drawLines(card, trials)) line(text);
    return { same: Exit.done, different: Exit.failed, 'cannot-tell': Exit.undecided }[verdict];
  });

type Verdict = 'same' | 'different' | 'cannot-tell';

/** One trial that differs decides; without one, all must have been drawn again. */
function verdictOf(trials: readonly Redraw[]): Verdict {
  if (trials.some(({ finding }) => finding === 'other')) return 'different';
  const isWhole = trials.length > 0 && trials.every(({ finding }) => finding === 'same');
  return isWhole ? 'same' : 'cannot-tell';
}

const why = {
  'no-record': 'their records do not say which results their draws knew, or how they were drawn',
  'newer-version': 'a newer version of the lab drew them, in another way',
  'older-version': 'an older version of the lab drew them, in another way',
} as const;

function drawLines({ study }: StudyCard, trials: readonly Redraw[]): string[] {
  const name = `study "${study.name}"`;
  if (trials.length === 0) return [`No trial of ${name} has been drawn yet.`];
  const of = (finding: Redraw['finding']): Redraw[] =>
    trials.filter((each) => each.finding === finding);
  const same = of('same').length;
  const cannot = Object.entries(why).flatMap(([finding, reason]) => {
    const found = of(finding as keyof typeof why);
    return found.length === 0
      ? []
      : [`Trials ${rangesOf(found)} (${found.length}) cannot be checked: ${reason}.`];
  });
  return [
    `${counted(same, 'trial')} of ${trials.length} of ${name} came out as recorded when drawn again.`,
    ...cannot,
    ...of('other').map(
      ({ trial, differs, key, redrawn }) =>
        `Trial ${trial} differs (${differs.join(', ')})` +
        (redrawn === null ? '.' : `: recorded ${key}, drawn again ${redrawn}.`),
    ),
  ];
}

/** Returns trials as `0 to 9, 12`. */
function rangesOf(trials: readonly Redraw[]): string {
  const ranges: { from: number; to: number }[] = [];
  for (const { trial } of trials) {
    const last = ranges.at(-1);
    if (last?.to === trial - 1) last.to = trial;
    else ranges.push({ from: trial, to: trial });
  }
  return ranges.map(({ from, to }) => (from === to ? `${from}` : `${from} to ${to}`)).join(', ');
}
