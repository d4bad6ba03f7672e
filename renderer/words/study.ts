/** A study in words: how it stands, what became of its trials, what it is of. */
import type {
  DataSetView,
  RerunView,
  SlotView,
  StudyCard,
  StudyPlan,
  TrialCounts,
  TrialRow,
} from '../../core/lab/api.ts';
import { epochNote } from '../../core/study/best.ts';
import { meanText, variantTitle } from './rerun.ts';
import type { SearchSpace } from '../../core/graph/space.ts';
import { counted, percent } from '../ui/format.ts';
import { jobStates } from './states.ts';
import { protocolText } from './protocol.ts';

/** What the size of a search space counts. */
export const spaceAbout = ({ ensemble }: SearchSpace): string =>
  'All combinations of gates and networks in which ' +
  (ensemble?.isObjective
    ? 'a voter of the ensemble, and every node that must learn, is trained'
    : 'the target, and every other node that must learn, is trained');

interface Standing {
  readonly text: string;
  /** Colour of the text. */
  readonly tone: 'running' | 'good' | 'bad' | 'plain';
}

/** How a study stands. Also a paused or stopped one has trials at work, until their epochs end. */
export function standingOf({ study, running, best, done }: StudyCard): Standing {
  const { state } = study;
  if (state === 'running') return { text: jobStates.running, tone: 'running' };
  if (running > 0 && state === 'paused')
    return { text: `pausing after this epoch (${counted(running, 'trial')})`, tone: 'plain' };
  if (running > 0 && state === 'stopped')
    return { text: `stopping (${counted(running, 'trial')})`, tone: 'plain' };
  if (state !== 'completed') return { text: jobStates[state], tone: 'plain' };
  if (best === null && done > 0) return { text: 'completed without a result', tone: 'bad' };
  return { text: jobStates.completed, tone: 'good' };
}

/** `5 completed, 27 stopped early, 2 cancelled`; what failed is told apart. */
export function countsText(counts: TrialCounts): { ended: string; failed: string } {
  const { completed, stopped, cancelled, rejected, duplicate, failed, outOfMemory } = counts;
  const ended = [
    `${completed} completed`,
    `${stopped} stopped early`,
    cancelled > 0 && `${cancelled} cancelled`,
    rejected > 0 && `${rejected} rejected`,
    duplicate > 0 && counted(duplicate, 'duplicate'),
  ];
  return {
    ended: ended.filter(Boolean).join(', '),
    failed: failed + outOfMemory > 0 ? `${failed + outOfMemory} failed` : '',
  };
}

/** `64.30 %`; `31.20 % at epoch 4` where the trial is not completed. */
export const accuracyText = (row: TrialRow, digits = 2): string =>
  `${percent(row.accuracy, digits)}${epochNote(row)}`;

/** A data set as a person knows it: by its title, not by its name in a plan. */
export function dataTitle(sets: readonly DataSetView[], name: string): string {
  const known = sets.find((data) => data.name === name);
  if (known) return known.title;
  const [kind, options = ''] = name.split(':', 2);
  const title = sets.find((data) => data.name === kind)?.title;
  if (title === undefined) return name;
  const train = /^train=(\d+),test=\d+$/.exec(options)?.[1];
  return `${title} (${train === undefined ? options : `${train} images`})`;
}

/** `CIFAR-100, 3 nodes, 200 epochs`; its protocol is said beside it. */
export const planText = ({ space, training }: StudyPlan, sets: readonly DataSetView[]): string =>
  [
    dataTitle(sets, training.data),
    counted(space.nodes.length, 'node'),
    counted(training.epochs, 'epoch'),
  ].join(', ');

/**
 * What came of a graph's re-run so far, `73.46 ± 0.42 %`, and how far it is while it is not done.
 */
export function rerunText({ rerun, variants, done, total }: RerunView): {
  mean: string;
  rest: string;
} {
  const [graph] = variants;
  const mean = graph && meanText(graph.mean, graph.standardDeviation);
  return {
    mean: mean ? `${mean} %` : rerun.state === 'completed' ? 'no result' : 'none yet',
    rest: rerun.state === 'completed' ? '' : `${done} of ${total} runs`,
  };
}

/** `Re-run ×5`; `Re-run, 1 of 5 seeds` while seeds of the graph have no result. */
export function rerunTitle({ rerun, variants }: RerunView, title = 'Re-run'): string {
  const done = variants[0]?.values.length ?? 0;
  const planned = rerun.seeds.length;
  if (done === planned) return `${title} ×${done}`;
  return `${title}, ${done} of ${counted(planned, 'seed')}`;
}

/**
 * A study's re-runs for its header: the newest one of the best trial, and the others, newest first.
 */
export function rerunsBeside(
  best: TrialRow | null,
  reruns: readonly RerunView[],
): { ofBest: RerunView | null; others: RerunView[] } {
  const ofBest = best && (reruns.findLast(({ rerun }) => rerun.trial === best.number) ?? null);
  return { ofBest, others: reruns.filter((view) => view !== ofBest).toReversed() };
}

/** `Trial 3: 71.20 ± 0.40 %, held-out`: a re-run in a list of several. */
export function rerunLine(view: RerunView): string {
  const { rerun } = view;
  const { mean, rest } = rerunText(view);
  const title = rerun.trial === null ? rerun.name : `Trial ${rerun.trial}`;
  return `${title}: ${[mean, rest, protocolText[rerun.training.protocol].title].filter(Boolean).join(', ')}`;
}

/** What a slot works on, as its study's page says it: `Trial 17`, `Re-run: Independent, seed 3`. */
export function workTitle(
  { run, rerun, title }: SlotView,
  study: { byRun: ReadonlyMap<number, TrialRow>; reruns: readonly RerunView[] },
): string {
  const trial = study.byRun.get(run ?? 0);
  if (trial) return `Trial ${trial.number}`;
  const view = study.reruns.find((each) => each.rerun.id === rerun);
  for (const { name, runs } of view?.variants ?? []) {
    const repeat = runs.find((each) => each.run === run);
    if (repeat) return `Re-run: ${variantTitle(name)}, seed ${repeat.number + 1}`;
  }
  return title;
}

/** What a slot with a run does right now. */
export function doingText({ epoch, progress }: SlotView): string {
  if (!progress) return 'starting';
  const { step, steps, compiling, imagesPerSecond } = progress;
  if (compiling !== null) return `compiling, ${Math.round(compiling)} s`;
  if (steps === 0)
    return epoch === 0 ? 'reading data, preparing the step' : 'starting the next epoch';
  if (step === steps) return 'evaluating';
  if (progress.epoch <= epoch) return `repeats epoch ${progress.epoch}: step ${step} / ${steps}`;
  return `step ${step} / ${steps}${imagesPerSecond > 0 ? `, ${Math.round(imagesPerSecond)} images/s` : ''}`;
}

/**
 * Share of the run on a slot that is done, the present epoch's steps included; null before its first
 * step. A run without a checkpoint repeats the epochs that are recorded.
 */
export function shareDone({ epoch, epochs, progress }: SlotView): number | null {
  const inside = progress && progress.steps > 0 ? progress.step / progress.steps : 0;
  const done = Math.min(epoch, (progress?.epoch ?? Infinity) - 1) + inside;
  return done === 0 ? null : Math.min(1, done / Math.max(1, epochs));
}
