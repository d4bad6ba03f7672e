import type { AttachedLab } from '../host/attach.ts';
import type { LabProblem, RerunView } from '../lab/api.ts';
import { Exit } from './command.ts';
import { ask, type UsedLab } from './lab-access.ts';
import { counted, jsonLine, line, messageWithNext } from './report.ts';
import { rerunHint, showResult } from './result.ts';
import { watch } from './watch.ts';
import { rerunLines } from './rerun-words.ts';

/**
 * Watches a study to its end and prints the result.
 *
 * @param hint the next step after a result
 * @returns the command's exit status
 */
export async function followStudy(
  lab: UsedLab,
  study: number,
  json: boolean,
  hint = rerunHint,
): Promise<number> {
  await watch(lab, { study }, json);
  const view = await ask(lab, 'studies.open', { study });
  const { trials: _trials, curves: _curves, ...card } = view;
  const { state } = card.study;
  if (json) jsonLine({ event: 'end', finished: state === 'completed', ...card });
  else {
    showResult(view);
    sayNext(state === 'completed' ? hint(view) : goOn(lab, state, `ktg resume ${study}`));
  }
  return exitFor(card.study);
}

/**
 * Prints a re-run that begins or continues, watches it to its end and prints its table. Returns the
 * command's exit status.
 */
export async function followRerun(lab: UsedLab, begun: RerunView, json: boolean): Promise<number> {
  const { id: rerun, name } = begun.rerun;
  if (json) jsonLine({ event: 'rerun', ...begun });
  else line(`Re-run ${rerun} "${name}": ${counted(begun.total, 'run')}\n`);
  await watch(lab, { rerun }, json);
  const view = await ask(lab, 'reruns.open', { rerun });
  const { state, problem } = view.rerun;
  if (json) jsonLine({ event: 'end', finished: state === 'completed', ...view });
  else {
    line();
    for (const text of rerunLines(view)) line(text);
    if (problem) line(messageWithNext(problem));
    sayNext(state === 'completed' ? '' : goOn(lab, state, `ktg rerun --continue ${rerun}`));
  }
  return exitFor(view.rerun);
}

const goOn = ({ elsewhere }: AttachedLab, state: string, command: string): string =>
  elsewhere && state === 'running'
    ? 'It continues in the other program.'
    : `Continue with: ${command}`;

const sayNext = (words: string): void => {
  if (words !== '') line(`\n${words}`);
};

/** Returns the exit status of an unfinished study or re-run, whoever paused or stopped it. */
function exitFor({ state, problem }: { state: string; problem: LabProblem | null }): number {
  if (problem) return Exit.failed;
  return state === 'completed' ? Exit.done : Exit.interrupted;
}
