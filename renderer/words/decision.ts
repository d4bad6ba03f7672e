/** Decisions of a stopping rule in words. */
import type { WireDecision } from '../../core/lab/api.ts';
import { explainDecision } from '../../core/study/decision.ts';
import { ordinal, percent } from '../ui/format.ts';

/** `stopped at epoch 4: 31.2 %, ranked 9th of 14, the top 7 continue` */
export function decisionText(decision: WireDecision): string {
  const { rung, go, value, rank, n, limit } = decision;
  const verdict = `${go ? 'continued' : 'stopped'} at epoch ${rung}`;
  if (value === null || rank === null || limit === null) return explainDecision(decision);
  const top = limit === 1 ? 'only the best continues' : `the top ${limit} continue`;
  return `${verdict}: ${percent(value, 1)}, ranked ${ordinal(rank)} of ${n}, ${top}`;
}

/** The same beside columns with epoch and accuracy: `9th of 14 (top 7 continue)`. */
export function briefDecisionText(decision: WireDecision): string {
  const { value, rank, n, limit } = decision;
  return value === null || rank === null || limit === null
    ? decisionText(decision).replace(/^(stopped|continued) at epoch \d+: /, '')
    : `${ordinal(rank)} of ${n} (top ${limit} continue)`;
}
