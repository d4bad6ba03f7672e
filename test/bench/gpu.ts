import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { messageOf } from '../../core/base/errors.ts';
import { choiceOf, integerOption } from '../../core/commands/values.ts';
import { type Precision, precisions } from '../../core/study/computation.ts';
import { chooseSlots, keepMeasurement, measurementFile } from '../../core/devices/card-slots.ts';
import {
  inEmptyCache,
  type Measured,
  type MeasuredDevice,
  measureOne,
  measureSlots,
  variablesFor,
} from '../../core/workers/measure-card.ts';
import type { MeasureJob } from '../../core/workers/measure-worker.ts';
import { firstCard } from './card.ts';
import {
  type Bar,
  bar,
  barsOf,
  EPOCH_STEPS,
  type GpuCase,
  type SlotsReport,
  type ReportLine,
} from './gpu-report.ts';

/**
 * What bars are set for, and every network alone, for the price of a search; batch 64, 100 classes.
 */
const cases = [
  'resnet32',
  'resnet110',
  'wrn-28-2',
  'resnet32+resnet110',
  'resnet32+resnet32+resnet32+resnet32+resnet32',
  'resnet32+resnet110+wrn-28-2',
];

/** Trials an hour of several workers, over those of CUDA graphs one at a time. */
const PACKING_BAR = 3;
/** Milliseconds for one script of another framework. */
const TIMEOUT = 10 * 60_000;

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Where it is measured, and with what. */
interface Bench extends MeasuredDevice {
  readonly steps: number;
  readonly tell: (line: ReportLine) => void;
}

/**
 * Everything that has a bar, measured on the first card that is visible: our steps beside
 * PyTorch's, eager and as CUDA graphs, in TF32 (or float32) and bfloat16; whole epochs beside JAX's
 * where python3 has it; compilation cold and from the cache; repeats with --deterministic; several
 * workers at once. With --json each part is a line as soon as it is measured. `--device cpu` runs
 * the same with small cases, to try the script.
 */
export async function bench(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      device: { type: 'string' },
      precision: { type: 'string' },
      steps: { type: 'string' },
      arch: { type: 'string', multiple: true },
      cases: { type: 'boolean' },
      packing: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  });
  const device = choiceOf(values, 'device', ['cpu', 'gpu'], 'gpu');
  const steps = integerOption(values, 'steps', device === 'gpu' ? 300 : 4, 1, 100_000);
  const architectures = values.arch ?? (device === 'gpu' ? cases : ['resnet8']);
  const both: Precision[] = device === 'gpu' ? ['tf32', 'bfloat16'] : ['float32'];
  const wanted =
    values.precision === undefined ? both : [choiceOf(values, 'precision', precisions, 'tf32')];
  const card =
    device === 'gpu'
      ? await firstCard()
      : { index: 0, uuid: '', title: 'processor', driver: '', memory: null };
  const here: Bench = {
    device,
    card,
    steps,
    tell: (line) => {
      if (values.json) console.log(JSON.stringify(line));
    },
  };
  console.log(
    `${card.title}${card.driver === '' ? '' : `, driver ${card.driver}`}; batch 64, 100 classes, ${steps} steps each`,
  );
  here.tell({ card: { title: card.title, driver: card.driver, memory: card.memory } });
  let failed = false;
  if (values.packing !== true)
    for (const precision of wanted)
      for (const arch of architectures)
        failed = (await measureCase(here, arch, precision)).problems.length > 0 || failed;
  if (values.cases !== true)
    try {
      await measurePacking(here, architectures[0]!, wanted[0]!);
    } catch (error) {
      failed = true;
      console.log(`Packing: ${messageOf(error)}`);
    }
  return failed ? 1 : 0;
}

async function measureCase(here: Bench, arch: string, precision: Precision): Promise<GpuCase> {
  const { device, steps } = here;
  const problems: string[] = [];
  const attempt = async <T>(what: string, work: () => Promise<T> | T): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      problems.push(`${what}: ${messageOf(error)}`);
      return undefined;
    }
  };
  const ask: MeasureJob = {
    device,
    arch,
    precision,
    steps,
    deterministic: false,
    epoch: device === 'gpu' ? EPOCH_STEPS : 4,
  };
  const parts = await inEmptyCache(async (variables) => {
    const one = (change: Partial<MeasureJob> = {}) =>
      measureOne(here, { ...ask, ...change }, variables);
    const cold = await attempt('cold', () => one({ epoch: 0 }));
    const cached = cold && (await attempt('from the cache', one));
    const deterministic =
      device === 'gpu'
        ? await attempt('deterministic', () => one({ deterministic: true, epoch: 0 }))
        : undefined;
    return { cold, cached, deterministic };
  });
  const own = [device, arch, precision, String(steps)];
  const pytorch = await attempt(
    'PyTorch',
    () => python(here, 'pytorch_gpu.py', own) as NonNullable<GpuCase['pytorch']>,
  );
  const alone = /^resnet\d+$/.test(arch);
  const jax = alone
    ? await attempt('JAX', () => (python(here, 'jax_loop.py', own) as { ms: number }).ms)
    : undefined;
  const found: GpuCase = { arch, precision, ...parts, pytorch, jax, problems };
  const bars = barsOf(found);
  const { cached, deterministic } = parts;
  console.log(
    [
      `${arch}, ${precision}`,
      ...(cached
        ? [`${cached.msPerStep.toFixed(2)} ms a step`, ...epochWords(cached), memoryWords(cached)]
        : []),
      ...bars.map(barWords),
      ...(cached && deterministic
        ? [
            `deterministic ${(deterministic.msPerStep / cached.msPerStep).toFixed(2)} x, ${deterministic.repeats ? 'same bits twice' : 'NOT the same bits twice'}`,
          ]
        : []),
      ...problems.map((problem) => `NOT MEASURED: ${problem}`),
    ].join('\n  '),
  );
  here.tell({ case: { ...found, bars } });
  return found;
}

const barWords = ({ name, value, limit, kind, met }: Bar): string =>
  `${name} ${value.toFixed(2)} (${kind} ${limit}: ${met ? 'met' : 'MISSED'})`;

const epochWords = ({ epoch }: Measured): string[] =>
  epoch
    ? [`${epoch.seconds.toFixed(2)} s an epoch of ${epoch.steps} steps with its evaluation`]
    : [];

const memoryWords = ({ memory }: Measured): string =>
  memory === null ? 'memory not known' : `${(memory / 2 ** 20).toFixed(0)} MiB of the card`;

/** Rates of several workers on one card; kept for the lab's choice of slots. */
async function measurePacking(here: Bench, arch: string, precision: Precision): Promise<void> {
  const { device, card, steps } = here;
  const found = await measureSlots(
    here,
    { arch, precision, steps },
    {
      measured: ({ slots, stepsPerSecond, memory }) => {
        const taken =
          memory === null
            ? 'memory not known'
            : `${(memory / slots / 2 ** 20).toFixed(0)} MiB of the card each`;
        console.log(
          `Packing: ${slots} workers, ${stepsPerSecond.toFixed(1)} steps/s in all, ${taken}`,
        );
      },
      note: (text) => {
        console.log(`Packing: ${text}`);
      },
    },
  );
  const choice = chooseSlots(found, card);
  const bars: Bar[] = [];
  try {
    const { graph } = python(here, 'pytorch_gpu.py', [
      device,
      arch,
      precision,
      String(steps),
    ]) as NonNullable<GpuCase['pytorch']>;
    const most = Math.max(...found.measurements.map(({ stepsPerSecond }) => stepsPerSecond));
    if (graph !== undefined)
      bars.push(
        bar('times the steps of one CUDA graph', (most * graph) / 1000, PACKING_BAR, 'at least'),
      );
  } catch (error) {
    console.log(`Packing: PyTorch did not run: ${messageOf(error)}`);
  }
  for (const each of bars) console.log(`Packing: ${barWords(each)}`);
  console.log(`Packing: ${choice.slots} slots. ${choice.reason}`);
  if (device === 'gpu') keepMeasurement(measurementFile(card.title), found);
  here.tell({ packing: { ...found, choice, bars } satisfies SlotsReport });
}

/**
 * The last line of a Python script's output, which is JSON. Throws an Error with its last words.
 */
function python(here: Bench, name: string, args: string[]): unknown {
  const env = { ...process.env, ...variablesFor(here), XLA_PYTHON_CLIENT_PREALLOCATE: 'false' };
  const { status, stdout, stderr, error } = spawnSync('python3', [script(name), ...args], {
    encoding: 'utf8',
    env,
    timeout: TIMEOUT,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(stderr.trim().split('\n').at(-1) ?? `exit status ${status}`);
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}
