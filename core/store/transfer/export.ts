import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Checkpoint } from '../../study/checkpoint.ts';
import { packEdges, packNodes } from '../../study/metrics.ts';
import type { Attempt, Failure, Run } from '../../study/run.ts';
import type { JobState } from '../../study/study.ts';
import type { Store } from '../store.ts';
import { FORMAT, VERSION } from './records.ts';
import type { StudyHead, StudyRecord } from './records.ts';

/**
 * A study as one file: its trials and re-runs with every number, decision and environment, the
 * pretrained networks that were made for it, and, if wanted, the weights of completed and pinned
 * runs. What is running is written as waiting, or as cancelled when it was to end. The bytes depend
 * on the study alone: exported again after an import, they are equal.
 */
export async function* exportStudy(
  store: Store,
  id: number,
  { weights }: { weights: boolean },
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  const line = (record: StudyHead | StudyRecord): Uint8Array => {
    const bytes = Buffer.from(`${stableText(record)}\n`);
    hash.update(bytes);
    return bytes;
  };
  const study = store.study(id);
  const reruns = store.reruns().filter((rerun) => rerun.study === id);
  const placeOfRerun = new Map(reruns.map((rerun, place) => [rerun.id, place]));

  const { name, notes, tags, plan, priority, createdAt, startedAt, endedAt } = study;
  yield line({
    format: FORMAT,
    version: VERSION,
    study: {
      name,
      notes,
      ...(tags.length > 0 && { tags: [...tags] }),
      plan,
      state: atRest(study.state),
      priority,
      createdAt,
      startedAt,
      endedAt,
    },
  });
  for (const { trial, draw, key, reason } of store.rejections(id))
    yield line({ rejection: { trial, draw, key, reason } });
  for (const { id: _id, study: _study, problem: _problem, ...rerun } of reruns) {
    const { variants, state, ablation, ...rest } = rerun;
    yield line({
      rerun: {
        ...rest,
        ...(ablation && { ablation }),
        variants: variants.map(({ name: variant, graph }) => ({ name: variant, graph })),
        state: atRest(state),
      },
    });
  }

  const environments: number[] = [];
  const placeOfRun = new Map<number, number>();
  const epochsOf = new Map<number, number>();
  for (const runId of runsOf(store, id, weights)) {
    // The study may continue meanwhile: all of one run is read in one turn of the event loop, and
    // later news left out.
    const run = store.run(runId);
    const attempts = store.attempts({ run: runId });
    const epochs = store
      .epochs(runId)
      .map(({ seconds, nodes, edges }): Epoch => [
        seconds,
        base64(packNodes(nodes)),
        base64(packEdges(edges)),
      ]);
    for (const { environment } of attempts) {
      if (environment === null || environments.includes(environment)) continue;
      environments.push(environment);
      yield line({ environment: store.environment(environment) });
    }
    yield line({
      run: {
        kind: run.kind,
        rerun: run.rerun === null ? null : placeOfRerun.get(run.rerun)!,
        number: run.number,
        variant: run.variant,
        graph: run.graph,
        seed: run.seed,
        training: run.training,
        state: run.state === 'running' ? (run.dismissed ? 'cancelled' : 'waiting') : run.state,
        failure: withoutSteps(run.failure),
        rejection: run.rejection,
        duplicateOf: run.duplicateOf === null ? null : placeOfRun.get(run.duplicateOf)!,
        pinned: run.pinned,
        ...(run.dismissed && { dismissed: true }),
        ...(run.openTrials && {
          openTrials: run.openTrials.map(([number, epoch]) => [number, epoch]),
        }),
        ...(run.drawVersion !== null && { drawVersion: run.drawVersion }),
        ...(run.origin && { origin: run.origin }),
        ...(run.audit !== null && { audit: run.audit }),
        ...(run.notes !== '' && { notes: run.notes }),
        ...(run.tags.length > 0 && { tags: [...run.tags] }),
        createdAt: run.createdAt,
        startedAt: run.startedAt,
        endedAt: run.endedAt,
        attempts: attempts.map((attempt) => written(attempt, environments)),
        epochs,
      },
    });
    placeOfRun.set(runId, placeOfRun.size);
    epochsOf.set(runId, run.epoch);
    await setImmediate();
  }
  for (const { run, ...decision } of store.decisions({ study: id })) {
    if (decision.rung <= (epochsOf.get(run) ?? 0))
      yield line({ decision: { run: placeOfRun.get(run)!, ...decision } });
  }

  for (const [runId, place] of weights ? placeOfRun : []) {
    const checkpoint = store.checkpointOf(runId);
    if (!checkpoint || !isWanted(store.run(runId), checkpoint)) continue;
    const { id: _id, run: _run, ...rest } = checkpoint;
    yield line({ checkpoint: { run: place, ...rest } });
    for await (const chunk of store.readCheckpoint(checkpoint.id)) {
      hash.update(chunk);
      yield chunk;
    }
  }
  for (const { id: _id, run, checkpoint, asked: _asked, ...rest } of store.allPretrained()) {
    const place = run === null ? undefined : placeOfRun.get(run);
    if (place !== undefined && checkpoint !== null)
      yield line({ pretrained: { ...rest, run: place } });
  }
  yield Buffer.from(`${stableText({ end: hash.digest('hex') })}\n`);
}

/** As in the file. */
type Epoch = [seconds: number, nodes: string, edges: string];

/** Ids, ascending. Pretraining runs only with the weights that they are for. */
const runsOf = (store: Store, study: number, weights: boolean): number[] =>
  store
    .runs({ study })
    .filter((run) => run.kind !== 'pretrain' || (weights && run.state === 'completed'))
    .map((run) => run.id)
    .sort((a, b) => a - b);

/** Final weights; states that only serve to continue are not exported. */
const isWanted = (run: Run, { purpose }: Checkpoint): boolean =>
  purpose === 'final' && (run.state === 'completed' || run.pinned);

const atRest = (state: JobState): Exclude<JobState, 'running'> =>
  state === 'running' ? 'paused' : state;

function written(
  { slot, fromEpoch, environment, startedAt, endedAt, outcome }: Attempt,
  environments: readonly number[],
) {
  return {
    slot,
    fromEpoch,
    environment: environment === null ? null : environments.indexOf(environment),
    startedAt,
    endedAt: endedAt ?? startedAt,
    outcome: outcome ?? ('interrupted' as const),
  };
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** JSON with sorted keys: equal values give equal text. */
const stableText = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );

/** Study files keep their format: the next steps of a failure stand in them as text only. */
function withoutSteps(failure: Failure | null): Failure | null {
  if (failure === null) return null;
  const { steps: _steps, ...rest } = failure;
  return rest;
}
