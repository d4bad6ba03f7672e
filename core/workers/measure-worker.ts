import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { messageOf } from '../base/errors.ts';
import type { DeviceKind } from '../engine/computation.ts';
import type { ImageSet, Step, TrainInput } from '../engine/engine.ts';
import { openEngine } from '../engine/open.ts';
import { architecture } from '../models/architecture.ts';
import { initialParameters, initialStatistics } from '../models/initialise.ts';
import type { Precision } from '../study/computation.ts';

/** What one process measures. */
export interface MeasureJob {
  readonly device: DeviceKind;
  readonly arch: string;
  readonly precision: Precision;
  readonly steps: number;
  readonly deterministic: boolean;
  /** Steps of a whole epoch with its evaluation; 0: none. */
  readonly epoch: number;
}

export interface MeasureAnswer {
  readonly device: string;
  /**
   * All that a run waits for: the step, recorded or read, and first calls of training and
   * evaluation less a later one of each.
   */
  readonly compileSeconds: number;
  readonly msPerStep: number;
  /** An epoch with its evaluation, and its steps alone. */
  readonly epoch?: {
    readonly steps: number;
    readonly seconds: number;
    readonly stepSeconds: number;
  };
  /** The same steps from the same start gave the same bits. */
  readonly repeats: boolean;
}

/**
 * Messages to the process that started it: it begins to measure when that answers `ready`, and
 * ends when that answers the result.
 */
export type MeasureMessage = 'ready' | MeasureAnswer | { readonly problem: string };

const BATCH = 64;
const CLASSES = 100;
const job = JSON.parse(process.argv[2]!) as MeasureJob;
const post = (message: MeasureMessage): void => void process.send!(message);
try {
  post(await measure());
  await once(process, 'message');
} catch (error) {
  post({ problem: messageOf(error) });
}
process.disconnect();

async function measure(): Promise<MeasureAnswer> {
  const { device, precision, deterministic } = job;
  const engine = await openEngine({
    engine: 'tensorflow',
    device,
    computation: { compiler: 'xla', precision, deterministic },
  });
  const architectures = job.arch.split('+').map((name) => architecture(name));
  // As many as CIFAR-100 has, so that the shapes are its own.
  const images = device === 'gpu' ? 60_000 : 600;
  // The library is open; recordings are kept where the programs are.
  process.env.KTG_HOME = process.env.KTG_COMPILED!;
  const began = performance.now();
  const step = await engine.compile({ architectures, classes: CLASSES, batch: BATCH });
  const made = (performance.now() - began) / 1000;
  step.load(setOf(images));
  start(step);
  const evaluation = Int32Array.from({ length: images / 6 }, (_, i) => (images * 5) / 6 + i);
  const nodes = [...architectures.keys()];
  const inputs = (count: number): TrainInput[] =>
    Array.from({ length: count }, (_, i) => input(nodes.length, i, images));

  const first =
    seconds(() => step.trainMany(inputs(1))) + seconds(() => step.evaluate(evaluation, nodes));
  const second =
    seconds(() => step.trainMany(inputs(1))) + seconds(() => step.evaluate(evaluation, nodes));

  step.trainMany(inputs(step.stepsPerCall));
  post('ready');
  await once(process, 'message'); // all workers of a card are timed at the same time
  const some = inputs(job.steps);
  const trained = seconds(() => step.trainMany(some));
  return {
    device: engine.info.device,
    compileSeconds: made + first - second,
    msPerStep: (1000 * trained) / job.steps,
    ...(job.epoch > 0 && { epoch: epoch(step, evaluation, nodes, inputs) }),
    repeats: digestOf(step, inputs(3)) === digestOf(step, inputs(3)),
  };
}

function seconds(work: () => unknown): number {
  const began = performance.now();
  work();
  return (performance.now() - began) / 1000;
}

/**
 * Bytes without a pattern; a plain loop, as 184 million of them by a function each take a quarter
 * of a minute.
 */
function setOf(count: number): ImageSet {
  const images = new Uint8Array(count * 3072);
  for (let i = 0; i < images.length; i++) images[i] = Math.imul(i, 2654435761) >>> 9;
  return { images, labels: Int32Array.from({ length: count }, (_, i) => i % CLASSES) };
}

/**
 * An epoch as a training does it: all steps, each call's inputs made before it, then the
 * evaluation; and the steps alone.
 */
function epoch(
  step: Step,
  evaluation: Int32Array,
  nodes: number[],
  inputs: (count: number) => TrainInput[],
): NonNullable<MeasureAnswer['epoch']> {
  const steps = job.epoch;
  const total = seconds(() => {
    for (let done = 0; done < steps; done += step.stepsPerCall)
      step.trainMany(inputs(Math.min(step.stepsPerCall, steps - done)));
    step.evaluate(evaluation, nodes);
  });
  const prepared = inputs(steps);
  return { steps, seconds: total, stepSeconds: seconds(() => step.trainMany(prepared)) };
}

function start(step: Step): void {
  for (const [node, model] of step.plan.architectures.entries()) {
    const parameters = initialParameters(model, CLASSES, 1, node + 1);
    const momentum = new Float32Array(parameters.length);
    step.write(node, { parameters, momentum, statistics: initialStatistics(model) });
  }
}

/** Every edge Through; another part of the images in every step. */
function input(nodes: number, step: number, images: number): TrainInput {
  const size = nodes * (nodes + 1);
  const own = (i: number): boolean => i % (nodes + 1) === Math.floor(i / (nodes + 1)) + 1;
  return {
    codes: Int32Array.from({ length: BATCH * 4 }, (_, i) =>
      i % 4 === 0 ? (step * BATCH + i / 4) % images : i % 4 === 1 ? i % 2 : (i * 7 + step) % 9,
    ),
    rates: { learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4 },
    edges: {
      weight: Float32Array.from({ length: size }, (_, i) => (own(i) ? 0 : 1)),
      onlyCorrect: new Float32Array(size),
      temperature: new Float32Array(size).fill(1),
    },
    trained: Array.from({ length: nodes }, (_, node) => node),
  };
}

function digestOf(step: Step, inputs: TrainInput[]): string {
  start(step);
  step.trainMany(inputs);
  const hash = createHash('sha256');
  for (const node of step.plan.architectures.keys()) hash.update(step.read(node).parameters);
  return hash.digest('hex');
}
