import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { stream } from '../../core/base/random.ts';
import { choiceOf, textOf, integerOption } from '../../core/commands/values.ts';
import { CODE_LENGTH, epochBatches } from '../../core/data/batches.ts';
import {
  type Engine,
  type EngineName,
  engineNames,
  type Step,
  type TrainInput,
} from '../../core/engine/engine.ts';
import { openEngine } from '../../core/engine/open.ts';
import { type Precision, precisions } from '../../core/study/computation.ts';
import { architecture } from '../../core/models/architecture.ts';
import type { Architecture } from '../../core/models/layers.ts';
import { initialParameters, initialStatistics } from '../../core/models/initialise.ts';

/** What a bench of steps measures. */
export interface Case {
  /** `resnet32+resnet110` */
  readonly arch: string;
  readonly models: readonly Architecture[];
  readonly batch: number;
  readonly classes: number;
  readonly engine: EngineName;
  readonly threads: number;
  readonly steps: number;
  readonly json: boolean;
  /** null for the bench's own choice. */
  readonly precision: Precision | null;
  /** Without PyTorch beside it. */
  readonly alone: boolean;
  /** What milliseconds count: time that passes, or of processors, which other programs change less. */
  readonly clock: Clock;
}

const clocks = ['wall', 'processor'] as const;
type Clock = (typeof clocks)[number];

/** Milliseconds of each clock. */
const readings: Readonly<Record<Clock, () => number>> = {
  wall: () => performance.now(),
  processor: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};

/** The options that benches of steps share; `undefined` for `arch` when none was given. */
export function readCase(args: string[], fallback: { arch: string; steps: number }): Case {
  const { values } = parseArgs({
    args,
    options: {
      arch: { type: 'string' },
      batch: { type: 'string' },
      engine: { type: 'string' },
      threads: { type: 'string' },
      steps: { type: 'string' },
      precision: { type: 'string' },
      json: { type: 'boolean' },
      alone: { type: 'boolean' },
      clock: { type: 'string' },
    },
  });
  const models = (textOf(values, 'arch') ?? fallback.arch)
    .split('+')
    .map((name) => architecture(name));
  return {
    arch: models.map(({ name }) => name).join('+'),
    models,
    batch: integerOption(values, 'batch', 64, 1, 4096),
    classes: 100,
    engine: choiceOf(values, 'engine', engineNames, 'tensorflow'),
    threads: integerOption(values, 'threads', cpus().length, 1, 1024),
    steps: integerOption(values, 'steps', fallback.steps, 1, 1_000_000),
    precision:
      values.precision === undefined ? null : choiceOf(values, 'precision', precisions, 'float32'),
    json: values.json === true,
    alone: values.alone === true,
    clock: choiceOf(values, 'clock', clocks, 'wall'),
  };
}

/** Images in the set that steps draw from. */
const IMAGES = 2000;

/** A compiled step with fresh states, every edge Through, and a source of inputs. */
export interface Prepared {
  readonly engine: Engine;
  readonly step: Step;
  /**
   * Of `compile` and of the first step, in which TensorFlow optimises its graph and allocates,
   * seconds.
   */
  readonly compileSeconds: number;
  /** One training step, as training makes it; returns its milliseconds. */
  readonly train: () => number;
}

export async function prepare({
  models,
  batch,
  classes,
  engine: name,
  threads,
  precision,
  clock,
}: Case): Promise<Prepared> {
  const engine = await openEngine({
    engine: name,
    threads,
    computation: precision === null ? {} : { precision },
  });
  const begun = performance.now();
  const step = await engine.compile({ architectures: models, classes, batch });
  const compiled = performance.now() - begun;
  fill(step, IMAGES);
  const nextCodes = batchesOf(IMAGES, batch);
  const train = (): number => {
    const codes = nextCodes();
    const start = readings[clock]();
    step.train({ codes, ...settings(models.length) });
    return readings[clock]() - start;
  };
  const first = train();
  return { engine, step, compileSeconds: (compiled + first) / 1000, train };
}

/** Gives a step random images of 32 x 32 pixels, and every node its initial state. */
export function fill(step: Step, images: number): void {
  const { architectures, classes } = step.plan;
  const random = stream(1, 'bench');
  step.load({
    images: Uint8Array.from({ length: images * 3072 }, () => random.below(256)),
    labels: Int32Array.from({ length: images }, (_, image) => image % classes),
  });
  for (const [node, model] of architectures.entries()) {
    const parameters = initialParameters(model, classes, 1, node + 1);
    const momentum = new Float32Array(parameters.length);
    step.write(node, { parameters, momentum, statistics: initialStatistics(model) });
  }
}

/** Returns the codes of one batch after the other; after the last, the first again. */
export function batchesOf(images: number, batch: number): () => Int32Array {
  const all = Int32Array.from({ length: images }, (_, image) => image);
  const epoch = epochBatches(1, 1, all, batch);
  const size = batch * CODE_LENGTH;
  let next = 0;
  return () => {
    const at = next;
    next = (at + size) % epoch.length;
    return epoch.subarray(at, at + size);
  };
}

/**
 * Every edge Through, every node trained, at a learning rate that changes nothing much in a few
 * steps.
 */
export function settings(nodes: number): Omit<TrainInput, 'codes'> {
  const size = nodes * (nodes + 1);
  return {
    rates: { learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4 },
    edges: {
      weight: Float32Array.from({ length: size }, (_, i) =>
        i % (nodes + 1) === Math.floor(i / (nodes + 1)) + 1 ? 0 : 1,
      ),
      onlyCorrect: new Float32Array(size),
      temperature: new Float32Array(size).fill(1),
    },
    trained: Array.from({ length: nodes }, (_, node) => node),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? sorted[Math.floor(middle)]!
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const MIB = 2 ** 20;
/** Memory of this process now, MiB. */
export const residentNow = (): number => process.memoryUsage.rss() / MIB;
/** The most that it ever had, MiB. */
export const residentMost = (): number => process.resourceUsage().maxRSS / 1024;
/** What it has now without pages of files, which processes share, MiB; null outside Linux. */
export function ownNow(): number | null {
  if (process.platform !== 'linux') return null;
  const own = /^RssAnon:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return own && Number(own[1]) / 1024;
}

/** Processor, threads and what else is going on: timings without that say little. */
export const machine = ({ threads }: Case): string =>
  `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}, ${threads} threads, load ${loadavg()[0]!.toFixed(1)}`;

export const round = (value: number, digits = 1): number => Number(value.toFixed(digits));
