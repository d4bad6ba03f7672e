import type { OpenTrial } from '../study/run.ts';
import type { StudyPlan } from '../study/plan.ts';
import { InOrder } from './in-order.ts';
import type { Knowledge, LiveKnowledge, TrialRecords } from './knowledge.ts';
import { Past } from './past.ts';

/** Returns what the sampler of a study knows while the study runs. */
export const knowledgeOf = (plan: StudyPlan): LiveKnowledge =>
  plan.inOrder === undefined ? new Past(plan) : new InOrder(plan, plan.inOrder);

/**
 * Restores what was known when a trial was drawn.
 *
 * @param open as the trial's record says
 */
export const knowledgeAt = (
  plan: StudyPlan,
  records: TrialRecords,
  number: number,
  open: readonly OpenTrial[],
): Knowledge =>
  plan.inOrder === undefined
    ? Past.at(plan, records, number, open)
    : InOrder.at(plan, plan.inOrder, records, number, open);
