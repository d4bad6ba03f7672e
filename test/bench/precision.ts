import { parseArgs } from 'node:util';
import { LabError } from '../../core/base/errors.ts';
import { openWithProgress } from '../../core/commands/train.ts';
import { choiceOf, textOf, integerOption } from '../../core/commands/values.ts';
import { computationFor } from '../../core/engine/computation.ts';
import { gate as gateOf, type GateName, paperGates } from '../../core/gates/gates.ts';
import { fromText } from '../../core/graph/text.ts';
import type { Device } from '../../core/devices/device.ts';
import { type Difference, mean, welch } from '../../core/analysis/statistics.ts';
import type { Precision } from '../../core/study/computation.ts';
import { recipeFor } from '../../core/study/recipe.ts';
import { cores } from '../../core/devices/devices.ts';
import { WorkerPool } from '../../core/workers/pool.ts';
import { Witness, cpu, job } from '../workers/jobs.ts';
import { firstCard } from './card.ts';
import { median } from './measure.ts';

/**
 * Runs of one gate in one precision, a row a seed: target accuracies and seconds of every epoch.
 */
export interface Runs {
  readonly gate: GateName;
  readonly precision: Precision;
  readonly accuracies: readonly (readonly number[])[];
  readonly seconds: readonly number[];
}

/**
 * Do the other precisions train as float32 does? For every gate a graph of two networks is trained
 * in each of them from the same seeds, in the lab's own workers; the target's accuracies are
 * compared with the spread of float32's seeds, and the fastest precision that loses nothing is
 * named.
 */
export async function bench(args: string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const options = {
    device: text,
    arch: text,
    data: text,
    epochs: text,
    seeds: text,
    json: { type: 'boolean' },
  } as const;
  const { values } = parseArgs({ args, options });
  const device = choiceOf(values, 'device', ['cpu', 'gpu'], 'gpu');
  const model = textOf(values, 'arch') ?? 'resnet32';
  const epochs = integerOption(values, 'epochs', 20, 1, 1000);
  const seeds = integerOption(values, 'seeds', 3, 2, 100);
  const data = textOf(values, 'data') ?? 'cifar100';
  const all: Precision[] =
    device === 'gpu' ? ['float32', 'tf32', 'bfloat16'] : ['float32', 'bfloat16'];
  const place = device === 'gpu' ? await cardDevice() : cpu(1);
  await openWithProgress(data); // workers download nothing
  const pool = new WorkerPool({ devices: [place], cores: cores() });
  const found: Runs[] = [];
  try {
    for (const gate of paperGates)
      for (const precision of all) {
        const runs: Witness[] = [];
        for (let seed = 1; seed <= seeds; seed++) {
          const plan = {
            ...job().training,
            data,
            protocol: 'paper',
            epochs,
            recipe: recipeFor(epochs),
          } as const;
          const training = { ...plan, computation: { precision } } as const;
          const graph = fromText(`${model}=T${gateOf(gate).letter},${model}=TT`);
          runs.push(await trained(pool, job({ graph, seed, training })));
        }
        const one: Runs = {
          gate,
          precision,
          accuracies: runs.map(({ epochs: reported }) =>
            reported.map(({ nodes }) => nodes[0]!.accuracy),
          ),
          seconds: runs.flatMap(({ epochs: reported }) => reported.map((epoch) => epoch.seconds)),
        };
        found.push(one);
        console.log(
          wordsOf(
            one,
            found.find((each) => each.gate === gate)!,
          ),
        );
        if (values.json) console.log(JSON.stringify({ runs: one }));
      }
  } finally {
    await pool.close();
  }
  const { precision, reasons } = recommended(found);
  for (const reason of reasons) console.log(reason);
  const now = computationFor(device).precision;
  console.log(
    `Recommended: ${precision}. The default for this device is ${now}${precision === now ? ', as it should be' : ''}; it is set in computationFor, core/engine/computation.ts.`,
  );
  if (values.json)
    console.log(
      JSON.stringify({
        device: place.title,
        model,
        data,
        epochs,
        seeds,
        recommended: precision,
        reasons,
      }),
    );
  return 0;
}

async function cardDevice(): Promise<Device> {
  const { index, title, uuid } = await firstCard();
  return { ...cpu(1), name: `gpu:${index}`, title, kind: 'gpu', uuid };
}

/** Trains one graph to its end. @throws LabError `bench.failed` */
async function trained(pool: WorkerPool, wanted: ReturnType<typeof job>): Promise<Witness> {
  while (pool.slots()[0]!.state !== 'ready')
    await new Promise<void>((resolve) => {
      const undo = pool.onSlots(() => {
        undo();
        resolve();
      });
    });
  const witness = new Witness();
  pool.start(pool.slots()[0]!.name, wanted, witness);
  const end = await witness.over;
  if (end === 'completed') return witness;
  throw new LabError({
    code: 'bench.failed',
    message: typeof end === 'string' ? end : end.message,
    next: typeof end === 'string' ? '' : end.next,
  });
}

const last = (curve: readonly number[]): number => curve.at(-1)!;

/** How a gate in one precision compares with the same in float32. */
function wordsOf({ gate, precision, accuracies, seconds }: Runs, usual: Runs): string {
  const start = `${gate}, ${precision}: ${(100 * mean(accuracies.map(last))).toFixed(2)} %, ${median(seconds).toFixed(2)} s an epoch`;
  if (precision === usual.precision) return start;
  const words = (of: (curve: readonly number[]) => number): string => {
    const { mean: difference, significant } = welch(accuracies.map(of), usual.accuracies.map(of))!;
    return `${(100 * difference).toFixed(2)} % (${significant ? 'MORE than seeds differ' : 'within the spread'})`;
  };
  return `${start}; against float32 last epoch ${words(last)}, mean of all epochs ${words(mean)}`;
}

/**
 * The fastest precision whose last epochs, over all gates together, are not worse than float32's by
 * more than seeds differ. (Gate by gate one in twenty would be found worse by chance.) Pure.
 */
export function recommended(found: readonly Runs[]): { precision: Precision; reasons: string[] } {
  const of = (precision: Precision): Runs[] => found.filter((runs) => runs.precision === precision);
  /** Mean over the gates of the last epoch, by seed. */
  const ends = (precision: Precision): number[] => {
    const runs = of(precision);
    return runs[0]!.accuracies.map((_, seed) =>
      mean(runs.map(({ accuracies }) => last(accuracies[seed]!))),
    );
  };
  const pace = (precision: Precision): number =>
    median(of(precision).flatMap(({ seconds }) => seconds));
  const usual = ends('float32');
  let best: Precision = 'float32';
  const reasons: string[] = [];
  for (const precision of new Set(found.map((runs) => runs.precision))) {
    if (precision === 'float32') continue;
    const difference = welch(ends(precision), usual) as Difference;
    const worse = difference.significant && difference.mean < 0;
    const faster = pace(precision) < pace(best);
    if (!worse && faster) best = precision;
    reasons.push(
      `${precision}: ${(100 * difference.mean).toFixed(2)} % against float32 over all gates (95 %: ${(100 * difference.low).toFixed(2)} to ${(100 * difference.high).toFixed(2)}), ${(pace('float32') / pace(precision)).toFixed(2)} times as fast: ${worse ? 'worse' : faster ? 'no worse that these seeds show, and faster' : 'no worse that these seeds show, not faster'}`,
    );
  }
  return { precision: best, reasons };
}
