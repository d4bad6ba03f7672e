import type { StudyView } from '../lab/api.ts';
import { rankTrials } from '../study/best.ts';
import { machinesText, placeText } from '../study/place.ts';
import { computationText } from './computation.ts';
import { line, messageWithNext } from './report.ts';
import { curseLine } from './rerun-words.ts';
import { graphText } from './terminal.ts';
import { briefOutcome, cardText, percent, table } from './words.ts';

const TOP = 5;

/** Prints the result of a study for people. */
export function showResult(view: StudyView, top = TOP): void {
  const { study, trials, rungs } = view;
  const { training, rule, seed } = study.plan;
  line(`\nStudy ${study.id} "${study.name}": ${study.state}, ${cardText(view)}`);
  line(
    `${training.data}, protocol ${training.protocol}, ${training.epochs} epochs, seed ` +
      `${seed}, rule ` +
      `${rule.kind}${rungs.length > 0 ? ` at epochs ${rungs.join(', ')}` : ''}${computationText(training)}`,
  );
  if (training.place) line(`Only on ${placeText(training.place)}`);
  if (study.problem) line(`Paused by itself: ${messageWithNext(study.problem)}`);
  if (study.notes !== '') line(study.notes);
  const rows = rankTrials(trials).slice(0, top);
  if (rows.length > 0) {
    line();
    const areElsewhere = rows.some(({ machines }) => machines !== undefined);
    const cells = rows.map((row) => [
      String(row.number),
      percent(row.accuracy),
      `${row.epoch}/${row.epochs}`,
      graphText(row.graph),
      briefOutcome(row),
      ...(areElsewhere ? [machinesText(row.machines)] : []),
    ]);
    const head = ['trial', 'accuracy', 'epochs', 'graph', 'outcome'];
    if (areElsewhere) head.push('machine');
    for (const text of table([head, ...cells])) line(text);
  }
  if (view.winnersCurse) line(`\n${curseLine(view.winnersCurse)}`);
}

/** Returns the next step after a completed study; '' without a result. */
export const rerunHint = ({ study, best }: StudyView): string =>
  best && (study.state === 'completed' || study.state === 'stopped')
    ? `Re-run the best over five seeds: ktg rerun ${study.id} --baselines`
    : '';
