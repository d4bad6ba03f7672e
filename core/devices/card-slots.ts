import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { makeFolder } from '../base/folder.js';
import { imageBytes } from '../data/dataset.ts';
import { cifar100 } from '../data/sets/cifar-100.ts';
import { engineHome } from '../install/engine-home.ts';
import { tensorflowVersion } from '../install/release.ts';
import { KEPT_STEPS } from '../study/computation.ts';
import type { Card } from './cards.ts';
import type { SlotChoice } from './devices.ts';

const measurement = v.object({
  /** Workers at once on the card. */
  slots: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** Steps a second of all of them together. */
  stepsPerSecond: v.pipe(v.number(), v.minValue(0)),
  /** Bytes of the card's memory that all of them used; null when unknown. */
  memory: v.nullable(v.number()),
});
/** How much several workers of one card get done together. */
export type SlotsMeasurement = v.InferOutput<typeof measurement>;

const schema = v.object({
  format: v.literal('ktg-packing'),
  version: v.literal(1),
  /** Title, driver and engine: another of them needs a measurement of its own. */
  card: v.string(),
  driver: v.string(),
  engine: v.string(),
  /** What was trained: `resnet32, batch 64, tf32`. */
  work: v.string(),
  shared: v.boolean(),
  measurements: v.array(measurement),
});
export type CardMeasurement = v.InferOutput<typeof schema>;

/** A further worker must bring this share more: it costs memory and makes each trial slower. */
const WORTHWHILE = 0.05;
/** Share of the card's memory that workers may fill together. */
const ROOM = 0.9;
const { trainCount, testCount, side } = cifar100.size;
/**
 * Bytes that a worker comes to keep beside what was measured: idle steps of other architectures,
 * mostly the images of the paper's set as halves.
 */
const IDLE = KEPT_STEPS * (trainCount + testCount) * imageBytes(side) * 2;

/** The engine as measurements name it. */
export const measuredEngine = `TensorFlow ${tensorflowVersion}`;

/** The verb of `ktg` that measures a card. */
const MEASURE = '; measure with: ktg engine measure';

/**
 * The slots of a card from what was measured on it: more as long as each worker brings a worthwhile
 * share more and all fit into its memory. One without a measurement, with one of another driver or
 * engine, or where processes only take turns. Pure.
 */
export function chooseSlots(
  found: CardMeasurement | null,
  { memory: capacity, driver }: Pick<Card, 'memory' | 'driver'>,
): SlotChoice {
  if (!found || found.measurements.length === 0)
    return { slots: 1, reason: `Not measured on this card yet${MEASURE}` };
  if (found.driver !== driver || found.engine !== measuredEngine)
    return {
      slots: 1,
      reason:
        `Measured with driver ${found.driver} and ${found.engine}, now it is driver ` +
        `${driver || 'unknown'} and ${measuredEngine}${MEASURE}`,
    };
  if (!found.shared)
    return { slots: 1, reason: 'This card has one slot, because CUDA MPS is not available.' };
  const [first, ...more] = found.measurements.toSorted((a, b) => a.slots - b.slots);
  let best = first!;
  for (const one of more) {
    if (capacity !== null && one.memory !== null && one.memory + one.slots * IDLE > ROOM * capacity)
      return {
        slots: best.slots,
        reason: `${one.slots} workers do not fit into the card's memory.`,
      };
    if (one.stepsPerSecond >= best.stepsPerSecond * (1 + WORTHWHILE)) best = one;
  }
  const gain = (best.stepsPerSecond / first!.stepsPerSecond).toFixed(1);
  return {
    slots: best.slots,
    reason:
      `${best.slots} workers get ${best.stepsPerSecond.toFixed(0)} steps a second, ` +
      `${gain} times as many as ${first!.slots} (measured: ${found.work}).`,
  };
}

/** Where a card's measurement is kept, for this engine. */
export function measurementFile(card: string, home: string = engineHome()): string {
  const words = `${card}-tensorflow-${tensorflowVersion}`.replace(/[^\w.]+/g, '-');
  return join(home, 'packing', `${words}.json`);
}

/** What was measured before; null when nothing usable is there. */
export function readMeasurement(file: string): CardMeasurement | null {
  try {
    const parsed = v.safeParse(schema, JSON.parse(readFileSync(file, 'utf8')));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

/** Keeps a measurement; whole or not at all. */
export function keepMeasurement(file: string, found: CardMeasurement): void {
  makeFolder(dirname(file));
  const partial = `${file}.${process.pid}`;
  writeFileSync(partial, `${JSON.stringify(found, null, 2)}\n`);
  renameSync(partial, file);
}
