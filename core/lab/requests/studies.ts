import { LabError } from '../../base/errors.ts';
import { requirePossible, spaceSize } from '../../graph/space.ts';
import { rungsOf } from '../../search/judge.ts';
import { teacherModels, usualTeacher } from '../../search/teachers.ts';
import { timeLeft } from '../../search/time-left.ts';
import { exportStudy } from '../../store/transfer/export.ts';
import { importStudy } from '../../store/transfer/import.ts';
import type { StudyPlan } from '../../study/plan.ts';
import type { LabProblem, StudyPreview } from '../api.ts';
import type { Answers, Desk } from '../desk.ts';
import { problemOf } from '../engine-desk.ts';

type Names =
  | 'studies.list'
  | 'studies.preview'
  | 'studies.create'
  | 'studies.open'
  | 'studies.change'
  | 'studies.resume'
  | 'studies.pause'
  | 'studies.stop'
  | 'studies.remove'
  | 'studies.export'
  | 'studies.import'
  | 'studies.timeline'
  | 'studies.rejections';

export function studyRequests(desk: Desk): Answers<Names> {
  const { store, scheduler, views, files, teller } = desk;
  return {
    'studies.list': () => store.studies().map(({ id }) => views.card(id)),
    'studies.preview': async ({ plan }) => preview(desk, plan),
    'studies.create': async ({ name, plan, priority = 0, notes = '', start }) => {
      requirePossible(plan.space);
      if (start) await requireData(desk, plan.training.data);
      const { id } = store.addStudy({ name, plan, priority, notes, createdAt: desk.now() });
      teller.log('info', `Study "${name}" was created.`, { study: id });
      if (start) scheduler.resume({ study: id });
      else teller.study(id);
      return views.card(id);
    },
    'studies.open': ({ study }) => views.study(study),
    'studies.change': ({ study, ...change }) => {
      const { trials } = change;
      const drawn = store.trialsSoFar(study);
      if (trials !== undefined && trials < drawn)
        throw new LabError('studies.too-few-trials', `${drawn} trials are drawn already; ${trials} were asked for.`, 'Ask for more, or stop the study.'); // prettier-ignore
      const before = store.changeStudy(study, change);
      scheduler.changed({ study });
      if (before.state === 'completed' && trials !== undefined && trials > drawn) scheduler.resume({ study });
      return views.card(study);
    },
    'studies.resume': async ({ study }) => {
      await requireData(desk, store.study(study).plan.training.data);
      scheduler.resume({ study });
      return views.card(study);
    },
    'studies.pause': ({ study, when }) => {
      scheduler.pause({ study }, when);
      return views.card(study);
    },
    'studies.stop': ({ study, when }) => {
      scheduler.stop({ study }, when);
      return views.card(study);
    },
    'studies.remove': async ({ study }) => {
      const { name } = store.study(study);
      const removed = scheduler.remove({ study });
      teller.now({ topic: 'studies', type: 'study-removed', study });
      teller.log('info', `Study "${name}" was removed.`);
      await removed;
      return {};
    },
    'studies.export': async ({ study, weights }) => {
      const { name } = store.study(study);
      return files.offer(
        `${name}.ktg-study`,
        'application/octet-stream',
        exportStudy(store, study, { weights }),
      );
    },
    'studies.import': async ({ file, name }) => {
      const { chunks } = await files.read(file);
      const study = await importStudy(store, chunks, name);
      teller.log('info', `Study "${study.name}" was imported.`, { study: study.id });
      teller.pretrained();
      teller.study(study.id);
      return views.card(study.id);
    },
    'studies.timeline': ({ study }) => {
      store.study(study);
      return store.attempts({ study });
    },
    'studies.rejections': ({ study }) => {
      store.study(study);
      return store.rejections(study);
    },
  };
}

async function requireData({ dataSets }: Desk, spec: string): Promise<void> {
  const problem = await dataSets.problemWith(spec);
  if (problem) throw new LabError(problem.code, problem.message, problem.next);
}

async function preview(desk: Desk, plan: StudyPlan): Promise<StudyPreview> {
  const { store, dataSets } = desk;
  const problems: LabProblem[] = [];
  const warnings: LabProblem[] = [];
  try {
    requirePossible(plan.space);
  } catch (error) {
    problems.push(problemOf(error));
  }
  const data = await dataSets.problemWith(plan.training.data);
  if (data) problems.push(data);
  const missingPretrained = teacherModels(plan.space).filter(
    (model) => usualTeacher(store, model, plan.training)?.checkpoint == null,
  );
  if (missingPretrained.length > 0)
    warnings.push({
      code: 'studies.pretraining-first',
      message: `Frozen nodes need pretrained networks that are not here yet: ${missingPretrained.join(', ')}.`,
      next: 'The study trains them first; they can also be imported.',
    });
  const size = spaceSize(plan.space);
  if (plan.duplicates === 'reuse' && size < BigInt(plan.trials))
    warnings.push({
      code: 'studies.small-space',
      message: `The space has ${size} settings, fewer than the ${plan.trials} trials.`,
      next: 'Equal graphs are trained once; ask for fewer trials or open more choices.',
    });
  return {
    problems,
    warnings,
    spaceSize: String(size),
    missingPretrained,
    expectedTime: expectedTime(desk, plan, missingPretrained.length),
  };
}

/** From the epochs of runs of as many nodes on the same data, if there are any here. */
function expectedTime({ store, runner }: Desk, plan: StudyPlan, pretraining: number): number | null {
  const { epochs, data } = plan.training;
  const alike = store
    .studies()
    .filter(
      (study) =>
        study.plan.training.data === data && study.plan.space.nodes.length === plan.space.nodes.length,
    )
    .flatMap(({ id }) => store.runs({ study: id, kind: 'trial' }));
  const done = alike.reduce((sum, run) => sum + run.epoch, 0);
  const seconds = alike.reduce((sum, run) => sum + run.seconds, 0);
  const survival = rungsOf(plan.rule, epochs).map((rung) => ({ rung, decided: 0, wentOn: 0 }));
  return timeLeft({
    epochs,
    survival,
    expectedShare: plan.rule.kind === 'asha' ? 1 / plan.rule.reductionFactor : 0.5,
    fresh: plan.trials,
    underWay: [],
    before: pretraining * epochs,
    secondsPerEpoch: done === 0 ? null : seconds / done,
    slots: runner.slots().length,
  });
}
