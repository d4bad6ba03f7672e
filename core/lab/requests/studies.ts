import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { LabError, problem } from '../../base/errors.ts';
import { importOptuna } from '../../search/optuna.ts';
import { exportOptuna } from '../../search/optuna-export.ts';
import { previewOf, requireCreatable } from '../../search/preview.ts';
import { redrawStudy } from '../../search/redraw.ts';
import { exportStudy } from '../../store/transfer/export.ts';
import { importStudy } from '../../store/transfer/import.ts';
import type { StudyPlan } from '../../study/plan.ts';
import type { LabProblem } from '../../base/problem.ts';
import type { Store } from '../../store/store.ts';
import type { FileInput, Study, StudyPreview } from '../api.ts';
import { planMemory } from '../plan-memory.ts';
import type { Answers, LabContext } from '../lab-context.ts';
import { deviceKinds, trainingDevices } from '../device-views.ts';
import { effectsOf } from '../effects.ts';
import { studyLatex } from '../latex.ts';
import { readApart } from '../look.ts';
import { importedFrom, noteImport } from '../imported.ts';
import { machineOf } from '../machine.ts';

type Names =
  | 'studies.list'
  | 'studies.preview'
  | 'studies.probe'
  | 'studies.create'
  | 'studies.open'
  | 'studies.change'
  | 'studies.resume'
  | 'studies.pause'
  | 'studies.stop'
  | 'studies.remove'
  | 'studies.export'
  | 'studies.optuna'
  | 'studies.latex'
  | 'studies.found'
  | 'studies.import'
  | 'studies.timeline'
  | 'studies.environments'
  | 'studies.redraw'
  | 'studies.effects';

export function studyRequests(context: LabContext): Answers<Names> {
  const { store, scheduler, views, files, batcher } = context;
  return {
    'studies.list': () => views.cards(),
    'studies.preview': async ({ plan }) => preview(context, plan),
    'studies.probe': async ({ plan, slot }, signal) => {
      requireCreatable(plan);
      const found = await context.probes.measure(plan, slot, signal);
      return {
        ...found,
        expectedTime: previewOf(store, plan, machineOf(context, plan.training)).expectedTime,
      };
    },
    'studies.create': async ({ name, plan, priority = 0, notes = '', start }) => {
      requireCreatable(plan);
      refuse(context.dataSets.planProblem(plan));
      if (start) await requireData(context, plan.training.data);
      const { id } = store.addStudy({ name, plan, priority, notes, createdAt: context.now() });
      batcher.log('info', `Study "${name}" was created.`, { study: id });
      if (start) scheduler.resume({ study: id });
      else batcher.study(id);
      return views.card(id);
    },
    'studies.open': ({ study }) => views.study(study),
    'studies.change': ({ study, ...change }) => {
      const { trials } = change;
      const drawn = store.trialsSoFar(study);
      if (trials !== undefined && trials < drawn)
        throw new LabError('studies.too-few-trials', { drawn, trials });
      const before = store.changeStudy(study, change);
      scheduler.changed({ study });
      if (before.state === 'completed' && trials !== undefined && trials > drawn)
        scheduler.resume({ study });
      return views.card(study);
    },
    'studies.resume': async ({ study, failed = false }) => {
      await requireData(context, store.study(study).plan.training.data);
      scheduler.resume({ study }, failed ? 'with-failed' : 'the-rest');
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
      if (importedFrom(store, study)) noteImport(store, study, null);
      batcher.now({ topic: 'studies', type: 'study-removed', study });
      batcher.log('info', `Study "${name}" was removed.`);
      await removed;
      return {};
    },
    'studies.export': async ({ study, weights }, signal) => {
      const { name } = store.study(study);
      return files.offer(
        `${name}.ktg-study`,
        'application/octet-stream',
        exportStudy(store, study, { weights }),
        signal,
      );
    },
    'studies.optuna': ({ study }, signal) => {
      const { name } = store.study(study);
      return files.offerMade(
        `${name}.db`,
        'application/vnd.sqlite3',
        0,
        (path) => exportOptuna(store, study, path),
        signal,
      );
    },
    'studies.latex': async ({ study }, signal) => {
      const view = await views.study(study);
      const name = `${view.study.name}.tex`;
      return files.offer(name, 'application/x-tex', studyLatex(view), signal);
    },
    'studies.found': ({ file }) =>
      files.use(file, async (path) =>
        (await beginsWith(path, SQLITE)) ? readApart('optuna-list', { path }) : [],
      ),
    'studies.import': async ({ file, name, study: wanted }) => {
      const study = await importAny(context, file, { name, study: wanted });
      batcher.log('info', `Study "${study.name}" was imported.`, { study: study.id });
      scheduler.pretrainedChanged();
      batcher.study(study.id);
      return views.card(study.id);
    },
    'studies.timeline': ({ study }) => {
      store.study(study);
      return store.attempts({ study });
    },
    'studies.environments': ({ study }) => {
      store.study(study);
      const ids = new Set(
        store.attempts({ study }).flatMap(({ environment }) => environment ?? []),
      );
      return [...ids].map((id) => ({ id, ...store.environment(id) }));
    },
    'studies.redraw': ({ study }) => redrawStudy(store, study),
    'studies.effects': async ({ study, rung }) => effectsOf(store, study, rung),
  };
}

async function requireData({ dataSets }: LabContext, spec: string): Promise<void> {
  refuse(await dataSets.problemWith(spec));
}

function refuse(problem: LabProblem | null): void {
  if (problem) throw new LabError(problem);
}

async function preview(context: LabContext, plan: StudyPlan): Promise<StudyPreview> {
  const { store, dataSets } = context;
  const refusal = dataSets.planProblem(plan);
  const machine = machineOf(context, plan.training);
  const seen = previewOf(store, plan, refusal ? { ...machine, images: () => null } : machine);
  const problems = refusal ? [...seen.problems, refusal] : seen.problems;
  const images = refusal ? null : dataSets.imagesOf(plan.training.data);
  const missingData = await dataSets.problemWith(plan.training.data);
  const kinds = deviceKinds(trainingDevices(context.runner, plan.training.place));
  const mixed = kinds.length > 1 ? [problem('search.mixed-devices', { kinds })] : [];
  const warnings = [...seen.warnings, ...mixed];
  return { ...seen, problems, warnings, missingData, memory: images && planMemory(plan, images) };
}

/** Bytes of a study file that are read at a time. */
const PORTION = 1 << 20;

/** The first bytes of every SQLite file. */
const SQLITE = 'SQLite format 3\0';

/** A study file of a lab, or a study in the SQLite file of Optuna. */
async function importAny(
  { store, files, now }: LabContext,
  file: FileInput,
  requested: { name: string | undefined; study: string | undefined },
): Promise<Study> {
  return files.use(file, async (path, from) => {
    const study = (await beginsWith(path, SQLITE))
      ? await importOptuna(
          store,
          await readApart('optuna-study', { path, study: requested.study }),
          requested.name,
        )
      : await importOwn(store, path, requested);
    noteImport(store, study.id, { from, at: now() });
    return study;
  });
}

function importOwn(
  store: Store,
  path: string,
  { name, study }: { name: string | undefined; study: string | undefined },
): Promise<Study> {
  if (study !== undefined) throw new LabError('import.one-study', { path, study });
  return importStudy(store, createReadStream(path, { highWaterMark: PORTION }), name);
}

async function beginsWith(path: string, text: string): Promise<boolean> {
  const handle = await open(path);
  try {
    const { buffer } = await handle.read(Buffer.alloc(text.length), 0, text.length, 0);
    return buffer.toString('latin1') === text;
  } catch {
    return false; // A folder, or unreadable: reading it as a study file says so.
  } finally {
    await handle.close();
  }
}
