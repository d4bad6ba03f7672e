import type { TrialRow, WireDecision } from '../../core/lab/api.ts';
import { machinesText } from '../../core/study/place.ts';
import { percent } from '../ui/format.ts';
import { decisionText } from './decision.ts';
import { runStates } from './states.ts';
import { reasonOf } from './trial-columns.ts';

/** A trial in the lines of a tooltip. */
export const trialTip = (row: TrialRow): string[] =>
  [
    `Trial ${row.number}: ${percent(row.accuracy)}`,
    `${runStates[row.state].title}, epoch ${row.epoch} of ${row.epochs}`,
    reasonOf(row),
    ...elsewhere(row),
  ].filter(Boolean);

const elsewhere = ({ machines }: TrialRow): string[] =>
  machines ? [`Trained on ${machinesText(machines)}`] : [];

/** A trial at one epoch: the decision there, or how the trial ended or stands. */
export const entryTip = (
  row: TrialRow,
  { epoch, value }: { readonly epoch: number; readonly value: number },
  decision: WireDecision | undefined,
): string[] =>
  decision
    ? [`Trial ${row.number}`, decisionText(decision), ...elsewhere(row)]
    : epoch === row.epoch
      ? trialTip(row)
      : [`Trial ${row.number}: ${percent(value)} at epoch ${epoch}`];
