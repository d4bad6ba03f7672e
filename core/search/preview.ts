import { LabError } from '../base/errors.ts';
import { acceptedSize, requirePossible, spaceSize } from '../graph/space.ts';
import type { Store } from '../store/store.ts';
import type { StudyPlan } from '../study/plan.ts';
import type { LabProblem } from '../study/problem.ts';
import { expectedShareOf, rungsOf } from './rules/rules.ts';
import { type Machine, secondsPerEpoch, shareOf } from './speed.ts';
import { teacherModels, usualTeacher } from './teachers.ts';
import { timeLeft } from './time-left.ts';

/** Consequences of a plan, shown before the study is created. */
export interface Preview {
  /** Reasons why the study cannot be created. */
  problems: LabProblem[];
  /** Settings that are probably not intended. */
  warnings: LabProblem[];
  /**
   * Settings of the space, rejected ones included, and those that can be trained, as decimal text.
   */
  spaceSize: string;
  acceptedSize: string;
  /** Models without pretrained weights that frozen nodes will need. */
  missingPretrained: string[];
  /** About how many seconds on this machine; null when nothing was trained here yet. */
  expectedTime: number | null;
}

/** Previews a plan that is valid in itself. */
export function previewOf(store: Store, plan: StudyPlan, machine: Machine): Preview {
  const missing = teacherModels(plan.space).filter(
    (model) => usualTeacher(store, model, plan.training)?.checkpoint == null,
  );
  return {
    problems: problemsOf(plan),
    warnings: warningsOf(plan, missing),
    spaceSize: spaceSize(plan.space).toString(),
    acceptedSize: acceptedSize(plan.space).toString(),
    missingPretrained: missing,
    expectedTime: timeLeft({
      epochs: plan.training.epochs,
      survival: rungsOf(plan.rule, plan.training.epochs).map((rung) => ({
        rung,
        decided: 0,
        wentOn: 0,
      })),
      expectedShare: expectedShareOf(plan.rule),
      fresh: expectedTrainings(plan),
      underWay: [],
      before: missing.reduce((sum, model) => sum + shareOf(model, plan), 0) * plan.training.epochs,
      secondsPerEpoch: secondsPerEpoch(store, plan, machine),
      slots: machine.slots,
    }),
  };
}

/** Throws the first problem of a plan as a LabError. */
export function requireCreatable(plan: StudyPlan): void {
  requirePossible(plan.space);
  const [problem] = problemsOf(plan);
  if (problem) throw new LabError(problem.code, problem.message, problem.next);
}

function problemsOf(plan: StudyPlan): LabProblem[] {
  const problems: LabProblem[] = [];
  try {
    requirePossible(plan.space);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    problems.push({ code: error.code, message: error.message, next: error.next });
  }
  const { rule, training } = plan;
  const beyond =
    rule.kind === 'asha' ? rule.rungs?.find((rung) => rung >= training.epochs) : undefined;
  if (beyond !== undefined)
    problems.push({
      code: 'search.rung-beyond-the-end',
      message: `There is a rung at epoch ${beyond}, and trials have ${training.epochs} epochs; expected rungs below.`,
      next: 'Remove the rung or give trials more epochs.',
    });
  return problems;
}

function warningsOf(plan: StudyPlan, missingPretrained: readonly string[]): LabProblem[] {
  const warnings: LabProblem[] = [];
  if (missingPretrained.length > 0)
    warnings.push({
      code: 'search.pretraining-first',
      message: `Frozen nodes need pretrained networks that are not here yet: ${missingPretrained.join(', ')}.`,
      next: 'The study trains them first; they can also be imported.',
    });
  const size = acceptedSize(plan.space);
  if (size > 0n && size < BigInt(plan.trials) && plan.duplicates === 'reuse')
    warnings.push({
      code: 'search.more-trials-than-graphs',
      message: `${plan.trials} trials in a space of ${size} graphs: at least ${BigInt(plan.trials) - size} will be duplicates, which are not trained again.`,
      next: 'Ask for fewer trials, or open more of the space.',
    });
  if (plan.rule.kind !== 'none' && rungsOf(plan.rule, plan.training.epochs).length === 0)
    warnings.push({
      code: 'search.no-rungs',
      message: `No epoch of ${plan.training.epochs} is a rung, so the rule never decides: every trial goes to the end.`,
      next: 'Give trials more epochs or lower the first rung.',
    });
  if (plan.training.protocol === 'paper')
    warnings.push({
      code: 'search.tuned-on-test',
      message:
        'Protocol `paper` judges the search by the test images, as the paper does: its best accuracy is optimistic.',
      next: 'Use `held-out` for a number that nothing was tuned on.',
    });
  return warnings;
}

/** A space of N graphs gives N (1 - (1 - 1/N)^T) different ones in T draws. */
function expectedTrainings({ space, trials, duplicates }: StudyPlan): number {
  const size = Number(acceptedSize(space));
  if (duplicates === 'train' || size === 0) return trials;
  return Math.min(trials, -size * Math.expm1(trials * Math.log1p(-1 / size)) || 1);
}
