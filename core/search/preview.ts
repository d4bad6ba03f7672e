import { LabError, problem, problemOf } from '../base/errors.ts';
import { acceptedSize, requirePossible, spaceSize } from '../graph/space-size.ts';
import { KEPT } from '../analysis/rung-choice.ts';
import type { Store } from '../store/store.ts';
import type { StudyPlan } from '../study/plan.ts';
import type { LabProblem } from '../base/problem.ts';
import { unknownWeights } from './prior.ts';
import { expectedShareOf, ruleOf, rungsOf } from './rules/rules.ts';
import { earlierAdvice } from './audited.ts';
import { outsideStarts, startingPoints } from './starting-points.ts';
import { type Machine, measuredSeconds, secondsPerEpoch, shareOf } from './speed.ts';
import { teacherModels, usualTeacher } from './teachers.ts';
import { expectedEpochs, timeLeft } from './time-left.ts';

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
  /**
   * About how many seconds on this machine; null when nothing was trained or measured here yet.
   */
  expectedTime: number | null;
  /** Whether a probe has measured these networks on this machine. */
  measured: boolean;
}

/** Previews a plan that is valid in itself. */
export function previewOf(store: Store, plan: StudyPlan, machine: Machine): Preview {
  const missing = teacherModels(plan.space).filter(
    (model) => usualTeacher(store, model, plan.training)?.checkpoint == null,
  );
  return {
    problems: problemsOf(plan),
    warnings: [...warningsOf(plan, missing), ...earlyRungs(store, plan)],
    spaceSize: spaceSize(plan.space).toString(),
    acceptedSize: acceptedSize(plan.space).toString(),
    missingPretrained: missing,
    ...timeOf(store, plan, missing, machine),
  };
}

/** The time of a plan whose frozen nodes lack some teachers. */
function timeOf(
  store: Store,
  plan: StudyPlan,
  missing: readonly string[],
  machine: Machine,
): Pick<Preview, 'expectedTime' | 'measured'> {
  const { epochs } = plan.training;
  const measured = measuredSeconds(plan, machine);
  const trainings = expectedTrainings(plan);
  // Starting points run to the end where the plan says so, and so does a share of those stopped.
  const yardsticks = plan.start?.toTheEnd ? Math.min(trainings, startingPoints(plan).length) : 0;
  const course = {
    epochs,
    survival: rungsOf(plan.rule, epochs).map((rung) => ({ rung, decided: 0, wentOn: 0 })),
    expectedShare: expectedShareOf(plan.rule),
    fresh: trainings - yardsticks,
    underWay: [],
    secondsPerEpoch: measured ?? secondsPerEpoch(store, plan, machine),
    slots: machine.slots,
    before: 0,
  };
  const stoppedEarly = epochs - expectedEpochs(course)[0]!;
  const before =
    missing.reduce((sum, model) => sum + shareOf(model, plan), 0) * epochs +
    yardsticks * epochs +
    (plan.audit ?? 0) * course.fresh * stoppedEarly;
  return { expectedTime: timeLeft({ ...course, before }), measured: measured !== null };
}

/** Throws the first problem of a plan as a LabError. */
export function requireCreatable(plan: StudyPlan): void {
  requirePossible(plan.space);
  const [found] = problemsOf(plan);
  if (found) throw new LabError(found);
}

function problemsOf(plan: StudyPlan): LabProblem[] {
  const problems: LabProblem[] = [];
  try {
    requirePossible(plan.space);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    problems.push(problemOf(error));
  }
  const { rule, training } = plan;
  const rung = ruleOf(rule.kind).rungBeyondEnd?.(rule, training.epochs);
  if (rung !== undefined)
    problems.push(problem('search.rung-beyond-the-end', { rung, epochs: training.epochs }));
  problems.push(...outsideStarts(plan), ...unknownWeights(plan));
  return problems;
}

function warningsOf(plan: StudyPlan, missingPretrained: readonly string[]): LabProblem[] {
  const warnings: LabProblem[] = [];
  const { trials, rule } = plan;
  const { epochs, protocol } = plan.training;
  if (missingPretrained.length > 0)
    warnings.push(problem('search.pretraining-first', { models: missingPretrained.join(', ') }));
  const size = acceptedSize(plan.space);
  const duplicates = BigInt(trials) - size;
  if (size > 0n && duplicates > 0n && plan.duplicates === 'reuse')
    warnings.push(problem('search.more-trials-than-graphs', { trials, size, duplicates }));
  if (ruleOf(rule.kind).reason !== null && rungsOf(rule, epochs).length === 0)
    warnings.push(problem('search.no-rungs', { epochs }));
  if (protocol === 'paper') warnings.push(problem('search.tuned-on-test'));
  return warnings;
}

/** A warning where an earlier study says that the rule of a plan stops too many good graphs. */
function earlyRungs(store: Store, plan: StudyPlan): LabProblem[] {
  const { rule } = plan;
  const earlier = rule.kind === 'asha' && !rule.rungs ? earlierAdvice(store, plan) : null;
  if (!earlier || rule.kind !== 'asha') return [];
  const { advice, study } = earlier;
  const { choices, best } = advice;
  const own = choices.find(
    ({ firstRung, reduction }) =>
      firstRung === rule.minimumResource && reduction === rule.reductionFactor,
  );
  if (!own || !best || own.kept >= KEPT || own.kept >= best.kept) return [];
  return [
    problem('search.early-rungs', {
      study: study.name,
      ...{ first: own.firstRung, reduction: own.reduction, kept: own.kept },
      ...{ bestFirst: best.firstRung, bestReduction: best.reduction, bestKept: best.kept },
      times: best.epochs / own.epochs,
    }),
  ];
}

/** A space of N graphs gives N (1 - (1 - 1/N)^T) different ones in T draws. */
function expectedTrainings({ space, trials, duplicates }: StudyPlan): number {
  const size = Number(acceptedSize(space));
  if (duplicates === 'train' || size === 0) return trials;
  return Math.min(trials, -size * Math.expm1(trials * Math.log1p(-1 / size)) || 1);
}
