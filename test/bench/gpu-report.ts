import { LabError } from '../../core/base/errors.ts';
import type { Precision } from '../../core/study/computation.ts';
import type { CardMeasurement } from '../../core/devices/card-slots.ts';
import type { SlotChoice } from '../../core/devices/devices.ts';
import type { Measured } from '../../core/workers/measure-card.ts';

/** Steps of an epoch of CIFAR-100 at batch 64. */
export const EPOCH_STEPS = 781;

interface GpuCard {
  readonly title: string;
  readonly driver: string;
  /** Bytes; null when unknown. */
  readonly memory: number | null;
}

/** Networks trained together in one precision, in every way that was to be had. */
export interface GpuCase {
  readonly arch: string;
  readonly precision: Precision;
  /** The very first run, and one that finds its programs on the disk. */
  readonly cold?: Measured | undefined;
  readonly cached?: Measured | undefined;
  readonly deterministic?: Measured | undefined;
  /** Milliseconds a step. */
  readonly pytorch?: { readonly eager: number; readonly graph?: number } | undefined;
  /** Milliseconds a step in one loop on the device. */
  readonly jax?: number | undefined;
  /** What did not run, and why. */
  readonly problems: readonly string[];
}

/** A number beside what it must be. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly kind: 'at most' | 'at least';
  readonly met: boolean;
}

export const bar = (
  name: string,
  value: number,
  limit: number,
  kind: Bar['kind'] = 'at most',
): Bar => ({
  name,
  value,
  limit,
  kind,
  met: kind === 'at most' ? value <= limit : value >= limit,
});

/** The bars of a case, as far as it was measured. */
export function barsOf({ cold, cached, pytorch, jax }: Omit<GpuCase, 'problems'>): Bar[] {
  const bars: Bar[] = [];
  if (cached && pytorch?.graph !== undefined)
    bars.push(bar('of a CUDA graph', cached.msPerStep / pytorch.graph, 1));
  if (cached && pytorch)
    bars.push(
      bar('times as fast as PyTorch eager', pytorch.eager / cached.msPerStep, 3, 'at least'),
    );
  if (cached?.epoch) {
    bars.push(bar('epoch over its steps', cached.epoch.seconds / cached.epoch.stepSeconds, 1.05));
    if (jax !== undefined)
      bars.push(
        bar(
          'epoch over as many steps of JAX',
          cached.epoch.seconds / ((jax * cached.epoch.steps) / 1000),
          1,
        ),
      );
  }
  if (cold) bars.push(bar('s to compile', cold.compileSeconds, 40));
  if (cached) bars.push(bar('s from the cache', cached.compileSeconds, 2));
  return bars;
}

export type SlotsReport = CardMeasurement & {
  readonly choice: SlotChoice;
  readonly bars: readonly Bar[];
};

/**
 * One line of `bench -- gpu --json`: it is there as soon as it is measured, whatever becomes of the
 * rest.
 */
export type ReportLine =
  | { readonly card: GpuCard }
  | { readonly case: GpuCase & { readonly bars: readonly Bar[] } }
  | { readonly packing: SlotsReport };

export interface GpuReport {
  readonly card: GpuCard;
  readonly cases: readonly GpuCase[];
  readonly packing: SlotsReport | null;
}

/**
 * What `bench -- gpu --json` printed, its words for people among the lines.
 * @throws LabError `bench.no-report`
 */
export function readReport(text: string): GpuReport {
  const lines = text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as ReportLine);
  const card = lines.find((line) => 'card' in line)?.card;
  if (!card)
    throw new LabError({
      code: 'bench.no-report',
      message: 'This is not what bench -- gpu --json prints: no line of it names a card.',
      next: 'Keep its output: npm run bench -- gpu --json | tee FILE',
    });
  return {
    card,
    cases: lines.flatMap((line) => ('case' in line ? [line.case] : [])),
    packing: lines.find((line) => 'packing' in line)?.packing ?? null,
  };
}
