import { explainDecision } from '../study/decision.ts';
import { toText } from '../graph/text.ts';
import type { RerunView, SlotView, StudyCard, TrialRow } from '../lab/api.ts';
import { computationText } from './computation.ts';
import { span } from './report.ts';

/** A fraction of 1 as `41.2 %`; `-` where nothing is known. */
export const percent = (fraction: number | null, digits = 1): string =>
  fraction === null || Number.isNaN(fraction) ? '-' : `${(fraction * 100).toFixed(digits)} %`;

/** Lines of equal columns. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at]!)).join('  ').trimEnd()); // prettier-ignore
}

/** `12 of 30 trials, best 41.2 % (trial 7), 3 min left` */
export function cardText({ study, done, counts, best, timeLeft }: StudyCard): string {
  const failed = counts.failed + counts.outOfMemory;
  return [
    `${done} of ${study.plan.trials} trials`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(best ? [`best ${percent(best.accuracy)} (trial ${best.number})`] : []),
    ...(timeLeft === null ? [] : [`about ${span(timeLeft)} left`]),
  ].join(', ');
}

/** Why a trial is where it is. */
export function outcome(row: TrialRow): string {
  if (row.stop) return explainDecision(row.stop);
  if (row.failure && row.state !== 'completed') return `${row.state}: ${row.failure.message}`;
  if (row.state === 'duplicate') return `same graph as run ${row.duplicateOf}`;
  if (row.state === 'rejected') return `rejected: ${row.rejection}`;
  if (row.state === 'completed') return `completed: ${percent(row.accuracy)}`;
  return `${row.state}, epoch ${row.epoch} of ${row.epochs}`;
}

export const trialText = (row: TrialRow): string =>
  `trial ${String(row.number).padStart(4)}  ${toText(row.graph)}  ${outcome(row)}`;

/** `cpu:0  trial 12  epoch 3 of 8, step 40 of 62  812 images/s  31.2 %` */
export function slotText(slot: SlotView): string {
  if (slot.run === null)
    return `${slot.name}  ${slot.state}${slot.problem === '' ? '' : `: ${slot.problem}`}`;
  const { progress } = slot;
  const steps = progress && progress.steps > 0 ? `, step ${progress.step} of ${progress.steps}` : '';
  const pace =
    progress && progress.imagesPerSecond > 0 ? `  ${progress.imagesPerSecond.toFixed(0)} images/s` : '';
  const title = slot.title.replace(/^(Study|Re-run) ".*", /, '');
  return `${slot.name}  ${title}  epoch ${Math.min(slot.epochs, progress?.epoch ?? slot.epoch + 1)} of ${slot.epochs}${steps}${pace}  ${percent(slot.accuracy)}`;
}

/** Table of a re-run: each variant with its mean, deviation, values, and difference to the graph. */
export function rerunLines({ rerun, variants, done, total, reference }: RerunView): string[] {
  const { data, protocol, purpose, epochs } = rerun.training;
  const rows = variants.map(({ name, values, mean, standardDeviation, difference }) => [
    name,
    mean === null
      ? '-'
      : `${percent(mean, 2)}${standardDeviation === null ? '' : ` +- ${percent(standardDeviation, 2)}`}`,
    values.map(({ accuracy }) => (accuracy * 100).toFixed(2)).join(' '),
    difference === null
      ? ''
      : `graph is ${signed(difference.mean)} [${signed(difference.low)}, ${signed(difference.high)}] ${difference.significant ? 'better or worse for sure' : 'within the spread'}`,
  ]);
  const images = purpose === 'final' ? 'judged by the test images' : `protocol ${protocol}`;
  return [
    `Re-run ${rerun.id} "${rerun.name}": ${rerun.state}, ${done} of ${total} runs, ${rerun.seeds.length} seeds`,
    `${data}, ${epochs} epochs, protocol ${protocol}, ${images}${computationText(rerun.training)}`,
    ...table([['variant', 'mean +- std', 'values (%)', 'difference, 95 % interval (Welch)'], ...rows]),
    ...reference.map(({ title, mean, standardDeviation }) => `paper: ${title}: ${percent(mean, 2)} +- ${percent(standardDeviation, 2)}`), // prettier-ignore
  ];
}

const signed = (fraction: number): string => `${fraction >= 0 ? '+' : ''}${(fraction * 100).toFixed(2)}`;
