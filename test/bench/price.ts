import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type RandomStream, stream } from '../../core/base/random.ts';
import { LabError } from '../../core/base/errors.ts';
import { choiceOf, textOf, integerOption } from '../../core/commands/values.ts';
import { ladder, rule, standingAmong } from '../../core/search/asha.ts';
import { type Precision, precisions } from '../../core/study/computation.ts';
import { PAPER_EPOCHS } from '../../core/study/recipe.ts';
import { EPOCH_STEPS, type GpuReport, readReport } from './gpu-report.ts';

/**
 * Accuracy of one ResNet32 on CIFAR-100 by epoch (an independent run of the recipe on an H100), %.
 */
const curve: readonly (readonly [epoch: number, accuracy: number])[] = [
  [1, 11.4],
  [2, 19.5],
  [4, 32.0],
  [8, 36.8],
  [16, 41.7],
  [32, 39.7],
  [59, 44.1],
  [60, 64.3],
  [64, 65.3],
  [200, 70.7],
];
/**
 * How far graphs lie apart, and epochs of one graph before the learning rate drops, standard
 * deviations in %. The second is read off the curve (41.7 at epoch 16, 39.7 at 32); of the first
 * only the order is known: graphs differ as much in how fast they learn. The epochs depend on their
 * ratio, so it is varied.
 */
const BETWEEN_GRAPHS = 2.5;
const BETWEEN_EPOCHS = 2.5;

/** Workers of the paper. */
const WORKERS = 30;

/** What one network alone costs, in seconds. */
interface Costs {
  /** An epoch of CIFAR-100 with its evaluation. */
  readonly epoch: number;
  /** Compiling its program, and taking it from the disk. */
  readonly compile: number;
  readonly load: number;
}
const names = ['resnet32', 'resnet110', 'wrn-28-2'] as const;
type Prices = Readonly<Record<(typeof names)[number], Costs>>;

/**
 * On an H100, from first figures of a prototype, not of this program: 4.7 and 15.8 ms a step, 7 s
 * of compilation a network; without evaluations, and as long from the disk as it may take. WRN-28-2
 * was never timed there; it has about as many operations as ResNet32.
 */
const costs = (ms: number): Costs => ({ epoch: (ms * EPOCH_STEPS) / 1000, compile: 7, load: 2 });
const prototype: Prices = { resnet32: costs(4.7), resnet110: costs(15.8), 'wrn-28-2': costs(4.7) };

/**
 * What the paper's search costs: epochs by simulating its stopping rule over curves like real ones,
 * hours from the time of an epoch. `--measured FILE` takes what `npm run bench -- gpu --json`
 * printed.
 */
export async function bench(args: string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const options = {
    trials: text,
    measured: text,
    precision: text,
    json: { type: 'boolean' },
  } as const;
  const { values } = parseArgs({ args, options });
  const trials = integerOption(values, 'trials', 1500, 1, 100_000);
  const file = textOf(values, 'measured');
  const precision = choiceOf(values, 'precision', precisions, 'tf32');
  const { prices, gain, source } =
    file === undefined
      ? {
          prices: prototype,
          gain: 1,
          source: 'first figures of a prototype; NOT measured with this program yet',
        }
      : measuredPrices(readReport(readFileSync(file, 'utf8')), precision);
  const searches = (spread: number): number[] =>
    Array.from({ length: 40 }, (_, seed) => simulate(trials, WORKERS, seed, spread));
  const runs = searches(BETWEEN_GRAPHS);
  const epochs = mean(runs);
  console.log(
    `${trials} graphs on ${WORKERS} workers: ${epochs.toFixed(0)} epochs (mean of ${runs.length} simulated searches, ${Math.min(...runs)} to ${Math.max(...runs)}); ${trials * PAPER_EPOCHS} without the rule`,
  );
  for (const factor of [0.5, 2])
    console.log(
      `  graphs ${factor} times as far apart: ${mean(searches(factor * BETWEEN_GRAPHS)).toFixed(0)} epochs`,
    );
  const rows = [2, 3, 4, 5].map((nodes) => priceOf(prices, gain, nodes, epochs, trials));
  console.log(`Times: ${source}`);
  for (const { nodes, epochSeconds, training, compiling, hours } of rows)
    console.log(
      `  M = ${nodes}: ${epochSeconds.toFixed(1)} s an epoch, ${training.toFixed(0)} GPU hours of training${gain === 1 ? '' : ` with several workers a card`}, at most ${compiling.toFixed(1)} of compiling and loading: ${hours.toFixed(0)}`,
    );
  const sum = rows.reduce((total, { hours }) => total + hours, 0);
  console.log(`  M = 2 to 5 together: ${sum.toFixed(0)} GPU hours`);
  if (values.json) console.log(JSON.stringify({ trials, epochs, source, rows, hours: sum }));
  return 0;
}

/**
 * GPU hours of a search over graphs of so many nodes: a target ResNet32, the others a third each of
 * the three networks.
 *
 * @param gain of several workers a card over one
 */
export function priceOf(
  prices: Prices,
  gain: number,
  nodes: number,
  epochs: number,
  trials: number,
) {
  const sum = (of: keyof Costs): number =>
    prices.resnet32[of] + (nodes - 1) * mean(names.map((name) => prices[name][of]));
  const epochSeconds = sum('epoch');
  const training = (epochs * epochSeconds) / gain / 3600;
  const compiling = (programs(nodes) * sum('compile') + trials * sum('load')) / 3600;
  return { nodes, epochSeconds, training, compiling, hours: training + compiling };
}

/**
 * Programs of all graphs of so many nodes: beside the target up to nodes - 1 others that reach it,
 * each of three networks, trained or frozen.
 */
function programs(nodes: number): number {
  let all = 0;
  let ofSize = 1; // multisets of 0 out of 6 kinds
  for (let others = 0; others < nodes; others++) {
    all += ofSize;
    ofSize = (ofSize * (6 + others)) / (others + 1);
  }
  return all;
}

/**
 * What was measured of the single networks in one precision.
 * @throws LabError `bench.not-measured`
 */
export function measuredPrices(
  { card, cases, packing }: GpuReport,
  precision: Precision,
): { prices: Prices; gain: number; source: string } {
  const of = (name: string): Costs => {
    const found = cases.find((one) => one.arch === name && one.precision === precision);
    if (found?.cold && found.cached?.epoch)
      return {
        epoch: found.cached.epoch.seconds,
        compile: found.cold.compileSeconds,
        load: found.cached.compileSeconds,
      };
    const problem = found?.problems.join('; ') ?? 'it is not among the cases';
    throw new LabError({
      code: 'bench.not-measured',
      message: `${name} in ${precision} was not measured: ${problem}. Measure it: npm run bench -- gpu --cases --json --arch ${name} --precision ${precision}`,
      next: '',
    });
  };
  const prices = {
    resnet32: of('resnet32'),
    resnet110: of('resnet110'),
    'wrn-28-2': of('wrn-28-2'),
  };
  const rates = packing?.measurements.map(({ stepsPerSecond }) => stepsPerSecond) ?? [1];
  return {
    prices,
    gain: Math.max(...rates) / rates[0]!,
    source: `measured on ${card.title}, ${precision}`,
  };
}

/**
 * Epochs that a search trains in all. Graphs are up to three times as slow as others, which mixes
 * the order of events.
 */
export function simulate(
  trials: number,
  workers: number,
  seed: number,
  spread = BETWEEN_GRAPHS,
): number {
  const steps = ladder(PAPER_EPOCHS);
  const recorded = new Map(steps.rungs.map((rung) => [rung, [] as number[]]));
  const random = stream(seed, 'price');
  let begun = 0;
  let epochs = 0;
  const begin = (now: number): Trial[] => {
    if (begun++ >= trials) return [];
    const pace = 1 + 2 * random.uniform();
    return [{ epoch: 0, filled: 0, quality: spread * random.normal(), pace, due: now + pace }];
  };
  let running = Array.from({ length: workers }, () => begin(0)).flat();
  while (running.length > 0) {
    const trial = running.reduce((first, other) => (other.due < first.due ? other : first));
    trial.epoch++;
    epochs++;
    const value = accuracy(trial, random);
    const ruling = rule(steps, trial.filled, trial.epoch, value, (rung) =>
      standingAmong(recorded.get(rung)!, value),
    );
    for (const { rung } of ruling.verdicts) recorded.get(rung)!.push(value);
    trial.filled += ruling.verdicts.length;
    if (ruling.decision === 'continue' && trial.epoch < PAPER_EPOCHS) trial.due += trial.pace;
    else running = [...running.filter((other) => other !== trial), ...begin(trial.due)];
  }
  return epochs;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

interface Trial {
  epoch: number;
  filled: number;
  /** How much better than others this graph is, %. */
  readonly quality: number;
  /** Time of an epoch, and when the one in progress ends. */
  readonly pace: number;
  due: number;
}

function accuracy({ epoch, quality }: Trial, random: RandomStream): number {
  const after = curve.findIndex(([at]) => at >= epoch);
  const [to, high] = curve[after]!;
  const [from, low] = curve[Math.max(0, after - 1)]!;
  const along =
    to === from ? 1 : (Math.log(epoch) - Math.log(from)) / (Math.log(to) - Math.log(from));
  return (
    low + along * (high - low) + quality + (epoch < 60 ? BETWEEN_EPOCHS : 0.5) * random.normal()
  );
}
