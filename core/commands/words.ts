import { auditNote } from '../analysis/audit-words.ts';
import { terminalText } from '../base/terminal-text.js';
import { rejectionText } from '../graph/space.ts';
import type { Device, RerunView, SlotView, StudyCard, TrialRow } from '../lab/api.ts';
import { epochNote } from '../study/best.ts';
import { explainDecision } from '../study/decision.ts';
import { originTitle } from '../study/start.ts';
import { counted, span } from './report.ts';
import { fittingColumns, graphText, printedWidth } from './terminal.ts';

/** Returns a fraction as `41.2 %`; `-` for null. */
export const percent = (fraction: number | null, digits = 1): string =>
  fraction === null || Number.isNaN(fraction) ? '-' : `${(fraction * 100).toFixed(digits)} %`;

/** Returns `41.2 %`, or `31.2 % at epoch 5` for an incomplete trial. */
export const accuracyText = (row: TrialRow): string => `${percent(row.accuracy)}${epochNote(row)}`;

/** Returns lines with aligned columns; on a narrow terminal without those that do not fit. */
export function table(rows: readonly (readonly string[])[]): string[] {
  // A cell is one line with its printed width.
  const cells = rows.map((row) => row.map((cell) => terminalText(cell).replaceAll('\n', '\\n')));
  const widths = (cells[0] ?? []).map((_, at) =>
    cells.reduce((width, row) => Math.max(width, printedWidth(row[at] ?? '')), 0),
  );
  const shown = fittingColumns(widths);
  return cells.map((row) =>
    shown
      .filter((at) => at < row.length)
      .map((at) => row[at]! + ' '.repeat(widths[at]! - printedWidth(row[at]!)))
      .join('  ')
      .trimEnd(),
  );
}

/**
 * Returns the progress of a study: `12 of 30 trials, 1 failed`, then `best 41.2 % (trial 7), about
 * 3 min left`.
 */
export function cardParts({
  study,
  done,
  counts,
  best,
  timeLeft,
}: StudyCard): [done: string, rest: string] {
  const failed = counts.failed + counts.outOfMemory;
  return [
    `${done} of ${counted(study.plan.trials, 'trial')}${failed > 0 ? `, ${failed} failed` : ''}`,
    [
      ...(best ? [`best ${accuracyText(best)} (trial ${best.number})`] : []),
      ...(timeLeft === null ? [] : [`about ${span(timeLeft)} left`]),
    ].join(', '),
  ];
}

/** Returns the state of a study; a finished study without any result has failed, not completed. */
export function stateText({ study, best, done, counts }: StudyCard): string {
  if (study.state !== 'completed' || best !== null || done === 0) return study.state;
  return counts.failed + counts.outOfMemory > 0 ? 'failed' : 'without a result';
}

/** Returns `12 of 30 trials, best 41.2 % (trial 7), about 3 min left`. */
export const cardText = (card: StudyCard): string => cardParts(card).filter(Boolean).join(', ');

/** Returns the outcome of a trial with every number. */
export function outcome(row: TrialRow): string {
  if (row.stop) return `${explainDecision(row.stop)}${auditNote(row)}`;
  return row.state === 'completed' ? `completed: ${percent(row.accuracy)}` : briefOutcome(row);
}

/** Returns ` (KD, a starting point)` for a trial that was not drawn. */
const originNote = ({ origin = null }: TrialRow): string =>
  origin === null ? '' : ` (${originTitle(origin)}, a starting point)`;

/**
 * Returns the outcome for a row that already has the accuracy: `stopped at epoch 4, rank 9 of 14`.
 */
export function briefOutcome(row: TrialRow): string {
  if (row.stop) {
    const { rung, value, rank, n, median } = row.stop;
    const why =
      value === null
        ? 'not a number'
        : rank === null
          ? `median ${percent(median)}`
          : `rank ${rank} of ${n}`;
    return `stopped at epoch ${rung}, ${why}${auditNote(row)}`;
  }
  if (row.state === 'completed') return `${row.state}${originNote(row)}`;
  if (row.failure) return `${row.state}: ${row.failure.message}`;
  if (row.state === 'duplicate') return `same graph as trial ${row.original}`;
  if (row.state === 'rejected') return `rejected: ${rejectionText(row.rejection ?? '')}`;
  const alone = row.state === 'cancelled' && row.dismissed ? ' alone' : '';
  return `${row.state}${alone}, epoch ${row.epoch} of ${row.epochs}`;
}

/** Returns `trial 14 64.3 % resnet8=CC,resnet14=LT completed`. */
export const trialText = (row: TrialRow): string =>
  `trial ${String(row.number).padStart(4)}  ${percent(row.accuracy).padStart(7)}  ` +
  `${graphText(row.graph)}  ${briefOutcome(row)}`;

/**
 * Returns `cpu:0 trial 12 epoch 3 of 8, step 40 of 62 812 images/s 31.2 %`; before the first step
 * `epoch 1 of 8, compiling, 12 s`.
 */
export function slotText(slot: SlotView): string {
  if (slot.run === null)
    return `${slot.name}  ${slot.state}${slot.problem === '' ? '' : `: ${slot.problem}`}`;
  const { progress } = slot;
  const steps =
    progress && progress.steps > 0 ? `, step ${progress.step} of ${progress.steps}` : '';
  const pace =
    progress && progress.imagesPerSecond > 0
      ? `  ${progress.imagesPerSecond.toFixed(0)} images/s`
      : '';
  const compiling =
    progress && progress.compiling !== null
      ? `, compiling, ${progress.compiling.toFixed(0)} s`
      : '';
  const title = slot.title.replace(/^(Study|Re-run) ".*", /, '');
  return (
    `${slot.name}  ${title}  epoch ` +
    `${Math.min(slot.epochs, progress?.epoch ?? slot.epoch + 1)} of ` +
    `${slot.epochs}${compiling}${steps}${pace}  ${percent(slot.accuracy)}`
  );
}

/** Returns `Re-run 2 "best": running, 3 of 10 runs, 5 seeds`. */
export const rerunTitle = ({ rerun, done, total }: RerunView): string =>
  `Re-run ${rerun.id} "${rerun.name}": ${rerun.state}, ${done} of ` +
  `${counted(total, 'run')}, ${counted(rerun.seeds.length, 'seed')}`;

/**
 * Returns lines such as `Computes on NVIDIA H100 (gpu:0), 4 slots. ...`, with the reason for a
 * card's number of slots or for its idleness.
 */
export const deviceTexts = (devices: readonly Device[]): string[] =>
  devices
    .filter(({ slots, note, present }) => present && (slots > 0 || note !== undefined))
    .map(({ name, title, slots, note = '' }) =>
      slots > 0
        ? `Computes on ${title} (${name}), ${counted(slots, 'slot')}. ${note}`.trim()
        : `Not on ${title} (${name}). ${note}`.trim(),
    );

/** Returns `cpu=2`, the default slots of a device, when no device has a slot; else ''. */
export function missingSlots(devices: readonly Device[]): string {
  const present = devices.filter((device) => device.present);
  const able = present.find(({ maximumSlots }) => maximumSlots > 0);
  if (!able || present.some(({ slots }) => slots > 0)) return '';
  return `${able.name}=${able.kind === 'gpu' ? 1 : able.maximumSlots}`;
}

/** Returns `No device has a slot: ktg slots cpu=2`; '' when one has. */
export function slotlessText(devices: readonly Device[]): string {
  const missing = missingSlots(devices);
  return missing === '' ? '' : `No device has a slot: ktg slots ${missing}`;
}
