import { rungsOf } from '../search/rules/rules.ts';
import type { StudyPlan } from './plan.ts';

/**
 * The epoch whose value a study in order learns from: its rule's first rung, or the last epoch
 * where nothing is decided before. Trials reach it whatever the others do, so the value does not
 * depend on the order of reports; whether a trial reaches a later rung does.
 */
export const orderedEpoch = ({ rule, training }: Pick<StudyPlan, 'rule' | 'training'>): number =>
  rungsOf(rule, training.epochs)[0] ?? training.epochs;

/** How a study draws in order, after the name of its sampler; '' for one that does not. */
export const orderText = (plan: Pick<StudyPlan, 'rule' | 'training' | 'inOrder'>): string =>
  plan.inOrder === undefined
    ? ''
    : `in order: from the accuracy at epoch ${orderedEpoch(plan)} of trials at least ` +
      `${plan.inOrder} before`;
