import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type RandomStream, stream } from '../../core/base/random.ts';
import { textOf, wholeOf } from '../../core/commands/values.ts';
import { ladder, rule, standingAmong } from '../../core/search/asha.ts';
import { PAPER_EPOCHS } from '../../core/study/plan.ts';

/** Accuracy of one ResNet32 on CIFAR-100 by epoch (an independent run of the recipe on an H100), %. */
const curve: readonly (readonly [epoch: number, accuracy: number])[] = [
  [1, 11.4], [2, 19.5], [4, 32.0], [8, 36.8], [16, 41.7], [32, 39.7], [59, 44.1], [60, 64.3], [64, 65.3], [200, 70.7],
]; // prettier-ignore
/**
 * How far graphs lie apart, and epochs of one graph before the learning rate drops, standard deviations in %. The second is
 * read off the curve (41.7 at epoch 16, 39.7 at 32); of the first only the order is known: graphs differ as much in how
 * fast they learn. The epochs depend on their ratio, so it is varied.
 */
const BETWEEN_GRAPHS = 2.5;
const BETWEEN_EPOCHS = 2.5;

/** Workers of the paper. */
const WORKERS = 30;
const STEPS_AN_EPOCH = 781;

/**
 * Milliseconds a step of one network alone, compiled, on an H100: first figures of a prototype, not of this program.
 * WRN-28-2 was never timed there; it has about as many operations as ResNet32.
 */
const prototype = { resnet32: 4.7, resnet110: 15.8, 'wrn-28-2': 4.7 };

/**
 * What the paper's search costs: epochs by simulating its stopping rule over curves like real ones, hours from step
 * times. `--measured FILE` takes those of `npm run bench -- gpu --json`.
 */
export async function bench(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { trials: { type: 'string' }, measured: { type: 'string' }, json: { type: 'boolean' } },
  });
  const trials = wholeOf(values, 'trials', 1500, 1, 100_000);
  const searches = (spread: number): number[] => Array.from({ length: 40 }, (_, seed) => simulate(trials, WORKERS, seed, spread)); // prettier-ignore
  const runs = searches(BETWEEN_GRAPHS);
  const epochs = mean(runs);
  console.log(
    `${trials} graphs on ${WORKERS} workers: ${epochs.toFixed(0)} epochs (mean of ${runs.length} simulated searches, ${Math.min(...runs)} to ${Math.max(...runs)}); ${trials * PAPER_EPOCHS} without the rule`,
  );
  for (const factor of [0.5, 2]) console.log(`  graphs ${factor} times as far apart: ${mean(searches(factor * BETWEEN_GRAPHS)).toFixed(0)} epochs`); // prettier-ignore
  const file = textOf(values, 'measured');
  const { times, gain, source } = file === undefined ? { times: prototype, gain: 1, source: 'first figures of a prototype; NOT measured with this program yet' } : measured(file); // prettier-ignore
  const auxiliary = (times.resnet32 + times.resnet110 + times['wrn-28-2']) / 3;
  const rows = [2, 3, 4, 5].map((nodes) => {
    const ms = times.resnet32 + (nodes - 1) * auxiliary;
    const hours = (epochs * STEPS_AN_EPOCH * ms) / 3_600_000;
    return { nodes, msPerStep: ms, hours, packed: hours / gain };
  });
  console.log(`Step times: ${source}`);
  for (const { nodes, msPerStep, hours, packed } of rows)
    console.log(`  M = ${nodes}: ${msPerStep.toFixed(1)} ms a step, ${hours.toFixed(0)} GPU hours${gain === 1 ? '' : `, ${packed.toFixed(0)} with several workers a card`}`); // prettier-ignore
  const sum = rows.reduce((total, { packed }) => total + packed, 0);
  console.log(`  M = 2 to 5 together: ${sum.toFixed(0)} GPU hours`);
  if (values.json) console.log(JSON.stringify({ trials, epochs, source, rows, hours: sum }));
  return 0;
}

/** Epochs that a search trains in all. Graphs are up to three times as slow as others, which mixes the order of events. */
export function simulate(trials: number, workers: number, seed: number, spread = BETWEEN_GRAPHS): number {
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
  const along = to === from ? 1 : (Math.log(epoch) - Math.log(from)) / (Math.log(to) - Math.log(from));
  return low + along * (high - low) + quality + (epoch < 60 ? BETWEEN_EPOCHS : 0.5) * random.normal();
}

interface Measured {
  card: { title: string };
  results: { arch: string; precision: string; cached: { msPerStep: number } }[];
  packing: { measurements: { slots: number; stepsPerSecond: number }[] };
}

/** Step times of the single networks; one that was only timed beside others is the rest of those. */
function measured(file: string): { times: typeof prototype; gain: number; source: string } {
  const { card, results, packing } = JSON.parse(readFileSync(file, 'utf8')) as Measured;
  const of = (arch: string): number | undefined => results.find((one) => one.arch === arch)?.cached.msPerStep;
  const resnet32 = of('resnet32');
  const resnet110 = of('resnet110');
  const three = of('resnet32+resnet110+wrn-28-2');
  if (resnet32 === undefined || resnet110 === undefined || three === undefined) throw new Error(`${file} lacks resnet32, resnet110 or the three together.`); // prettier-ignore
  const rates = packing.measurements.map(({ stepsPerSecond }) => stepsPerSecond);
  return {
    times: { resnet32, resnet110, 'wrn-28-2': Math.max(0, three - resnet32 - resnet110) },
    gain: Math.max(...rates) / rates[0]!,
    source: `measured on ${card.title}, ${results[0]!.precision}`,
  };
}
