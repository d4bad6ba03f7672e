/**
 * Measures how fast a slot trains the networks of a plan: some steps of one graph, for an expected
 * time before anything of the study is trained. The probe is a job like any other, so it measures
 * the engine, the device, the precision and the share of the cores that trials will have.
 */
import { LabError } from '../base/errors.ts';
import type { Graph } from '../graph/graph.ts';
import { template } from '../graph/templates.ts';
import { architecture } from '../models/architecture.ts';
import { multiplyAdds } from '../models/cost.ts';
import { type StudyPlan, type TrainingPlan, withoutPlace } from '../study/plan.ts';
import type { Job, JobHandle, Progress, Runner, Slot } from './runner.ts';

/** Steps after the first one, which prepares things, before a time is told. */
const STEPS = 3;
/** Seconds of training that make a good measurement, and those after which the probe ends. */
const [GOOD, MOST] = [1.5, 10];
/** Milliseconds from the start of the job, worker and compilation included, to giving up. */
const TIMEOUT = 120_000;
/** Milliseconds that a worker has to end the probe's job. */
const GRACE = 5000;
/** No record has this id: reports of a probe are nobody's results. */
const NO_RUN = 0;

/** The forward pass over the held-out fifth, as a share of training on the other four. */
const EVALUATION = 1 / 12;

export interface ProbeResult {
  readonly slot: string;
  /** Steps that were measured; those of an epoch when it ended first. */
  readonly steps: number;
  /** Seconds of an epoch of the probe's graph, with its evaluation. */
  readonly secondsPerEpoch: number;
}

/** The graph that stands for a plan: all gates open, of each node the network of middle cost. */
export function probeGraph({ space }: Pick<StudyPlan, 'space'>): Graph {
  const cost = (model: string): number => multiplyAdds(architecture(model));
  return template(
    'all-through',
    space.nodes.map(({ models }) => {
      const byCost = models.toSorted((a, b) => cost(a) - cost(b));
      return byCost[Math.floor(byCost.length / 2)]!;
    }),
  );
}

/**
 * Seconds of an epoch at the pace of its steps so far; null while they are too few.
 *
 * @param batch images of a step
 */
export function paceOf(
  { step, steps, imagesPerSecond }: Progress,
  batch: number,
): Omit<ProbeResult, 'slot'> | null {
  const measured = step - 1;
  if (measured < 1 || !(imagesPerSecond > 0)) return null;
  const seconds = batch / imagesPerSecond;
  const spent = measured * seconds;
  if (spent < MOST && (measured < STEPS || (spent < GOOD && step < steps))) return null;
  return { steps: measured, secondsPerEpoch: steps * seconds * (1 + EVALUATION) };
}

/**
 * The slot that a probe uses: a free one of this machine, else of another.
 *
 * @param isAllowed which slots a person and the plan allow
 *
 * @throws LabError `search.no-slot`, `search.slot-cannot-start`, `search.no-free-slot`
 */
export function probeSlot(
  runner: Runner,
  training: TrainingPlan,
  isAllowed: (slot: Slot) => boolean,
): string {
  const slots = runner.slots().filter(isAllowed);
  const broken = slots.find(({ state }) => state === 'broken');
  const free = slots
    .filter((slot) => slot.state === 'ready' && (runner.suits?.(slot.name, training) ?? true))
    .toSorted((a, b) => Number(a.name.includes('/')) - Number(b.name.includes('/')));
  if (free[0]) return free[0].name;
  if (slots.length === 0) throw new LabError('search.no-slot');
  if (broken && slots.every(({ state }) => state === 'broken'))
    throw new LabError('search.slot-cannot-start', { reason: broken.problem });
  throw new LabError('search.no-free-slot');
}

/**
 * Trains some steps on a slot and leaves no trace.
 *
 * @throws LabError `search.probe-failed`, `search.probe-too-long`; the signal's reason once aborted
 */
export async function probe(
  runner: Runner,
  slot: string,
  { graph, training }: Pick<Job, 'graph' | 'training'>,
  signal?: AbortSignal,
): Promise<ProbeResult> {
  signal?.throwIfAborted();
  const ended = Promise.withResolvers<'ended'>();
  const found = Promise.withResolvers<ProbeResult>();
  const finish = (measured: Omit<ProbeResult, 'slot'>): void => {
    found.resolve({ slot, ...measured });
  };
  const handle: JobHandle = runner.start(slot, jobOf(graph, training), {
    started: () => undefined,
    progress: (progress) => {
      const pace = paceOf(progress, training.recipe.batch);
      if (pace) finish(pace);
    },
    epoch: ({ seconds }) => {
      finish({ steps: 0, secondsPerEpoch: seconds });
      return 'stop';
    },
    checkpoint: async () => Promise.resolve(),
    log: () => undefined,
    ended: () => {
      ended.resolve('ended');
      found.reject(new LabError('search.probe-failed', { reason: 'It ended early.' }));
    },
    failed: ({ message }) => {
      ended.resolve('ended');
      found.reject(new LabError('search.probe-failed', { reason: message }));
    },
  });
  const timeout = setTimeout(() => {
    found.reject(new LabError('search.probe-too-long', { seconds: TIMEOUT / 1000 }));
  }, TIMEOUT);
  const abort = (): void => {
    found.reject(signal!.reason as Error);
  };
  signal?.addEventListener('abort', abort);
  try {
    return await found.promise;
  } finally {
    clearTimeout(timeout);
    signal?.removeEventListener('abort', abort);
    await endOf(handle, ended.promise);
  }
}

/** Ends the job, so that the slot is free: its worker stays for the study. */
async function endOf(handle: JobHandle, ended: Promise<'ended'>): Promise<void> {
  handle.stop('now', false);
  const grace = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => {
    grace.resolve('late');
  }, GRACE);
  if ((await Promise.race([ended, grace.promise])) === 'late') handle.kill();
  clearTimeout(timer);
}

const jobOf = (graph: Graph, training: TrainingPlan): Job => ({
  run: NO_RUN,
  attempt: 1,
  title: 'Time probe',
  graph,
  seed: 0,
  training: withoutPlace(training),
  rungs: [],
  resume: null,
  teachers: [],
  checkpointEvery: 24 * 3600,
});
