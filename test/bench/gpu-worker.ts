import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceKind } from '../../core/engine/computation.ts';
import type { Step, TrainInput } from '../../core/engine/engine.ts';
import { openEngine } from '../../core/engine/open.ts';
import { architecture } from '../../core/models/architecture.ts';
import { initialParameters, initialStatistics } from '../../core/models/initialise.ts';
import type { Precision } from '../../core/study/computation.ts';

/** What one process measures. `cache: empty` compiles as the very first run does. */
export interface GpuAsk {
  readonly device: DeviceKind;
  readonly arch: string;
  readonly precision: Precision;
  readonly steps: number;
  readonly deterministic: boolean;
  /** Also a whole epoch with its evaluation. */
  readonly epoch: boolean;
  readonly cache?: 'empty' | 'kept';
}

export interface GpuAnswer {
  readonly device: string;
  /** First calls of training and evaluation less a later one of each. */
  readonly compileSeconds: number;
  readonly msPerStep: number;
  /** Epoch with evaluation over its steps alone. */
  readonly epochRatio?: number;
  /** The same steps from the same start gave the same bits. */
  readonly repeats: boolean;
  /** Bytes of the card's memory that this process uses; null when nobody says. */
  readonly memory: number | null;
}

const BATCH = 64;
const CLASSES = 100;
const ask = JSON.parse(process.argv[2]!) as GpuAsk;
const folder = ask.cache === 'empty' ? mkdtempSync(join(tmpdir(), 'ktg-cold-')) : undefined;
if (folder !== undefined) process.env.KTG_COMPILED = folder;
try {
  process.send!(await measure());
  process.disconnect();
} finally {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}

async function measure(): Promise<GpuAnswer> {
  const { device, precision, deterministic } = ask;
  const engine = await openEngine({
    engine: 'tensorflow',
    device,
    computation: { compiler: 'xla', precision, deterministic },
  });
  const architectures = ask.arch.split('+').map(architecture);
  const images = device === 'gpu' ? 60_000 : 600; // as many as CIFAR-100 has, so that the shapes are its own
  const set = {
    images: Uint8Array.from({ length: images * 3072 }, (_, i) => (Math.imul(i, 2654435761) >>> 9) & 255),
    labels: Int32Array.from({ length: images }, (_, i) => i % CLASSES),
  };
  const step = await engine.compile({ architectures, classes: CLASSES, batch: BATCH });
  step.load(set);
  start(step);
  const evaluation = Int32Array.from({ length: images / 6 }, (_, i) => (images * 5) / 6 + i);
  const nodes = [...architectures.keys()];
  const inputs = (count: number): TrainInput[] => Array.from({ length: count }, (_, i) => input(nodes.length, i, images)); // prettier-ignore

  const seconds = (work: () => unknown): number => {
    const began = performance.now();
    work();
    return (performance.now() - began) / 1000;
  };
  const first = seconds(() => step.trainMany(inputs(1))) + seconds(() => step.evaluate(evaluation, nodes));
  const second = seconds(() => step.trainMany(inputs(1))) + seconds(() => step.evaluate(evaluation, nodes));

  step.trainMany(inputs(step.stepsPerCall));
  process.send!('ready');
  await once(process, 'message'); // all workers of a card are timed at the same time
  const some = inputs(ask.steps);
  const trained = seconds(() => step.trainMany(some));
  const epoch = ask.epoch ? epochRatio(step, evaluation, nodes, inputs) : undefined;
  const answer: GpuAnswer = {
    device: engine.info.device,
    compileSeconds: first - second,
    msPerStep: (1000 * trained) / ask.steps,
    ...(epoch !== undefined && { epochRatio: epoch }),
    repeats: digestOf(step, inputs(3)) === digestOf(step, inputs(3)),
    memory: device === 'gpu' ? memoryOnCard() : null,
  };
  step.dispose();
  return answer;
}

/** An epoch as a training does it: all steps, then the evaluation; over the steps alone. */
function epochRatio(
  step: Step,
  evaluation: Int32Array,
  nodes: number[],
  inputs: (count: number) => TrainInput[],
): number {
  const count = ask.device === 'gpu' ? 781 : 4;
  const began = performance.now();
  for (let done = 0; done < count; done += step.stepsPerCall)
    step.trainMany(inputs(Math.min(step.stepsPerCall, count - done)));
  step.evaluate(evaluation, nodes);
  const whole = performance.now() - began;
  const prepared = inputs(count);
  const again = performance.now();
  step.trainMany(prepared);
  return whole / (performance.now() - again);
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

function memoryOnCard(): number | null {
  const query = ['--query-compute-apps=pid,used_memory', '--format=csv,noheader,nounits'];
  const line = execFileSync('nvidia-smi', query, { encoding: 'utf8' })
    .split('\n')
    .find((each) => each.startsWith(`${process.pid},`));
  const used = Number(line?.split(',')[1]);
  return Number.isFinite(used) && line !== undefined ? used * 2 ** 20 : null;
}
