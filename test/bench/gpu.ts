import { type ChildProcess, execFileSync, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { messageOf } from '../../core/base/errors.ts';
import { choiceOf, integerOption } from '../../core/commands/values.ts';
import type { DeviceKind } from '../../core/engine/computation.ts';
import { type Precision, precisions } from '../../core/study/computation.ts';
import type { Card } from '../../core/devices/cards.ts';
import { shareCards } from '../../core/devices/mps.ts';
import {
  chooseSlots,
  keepPacking,
  measuredEngine,
  packingFile,
  type PackingMeasurement,
} from '../../core/workers/packing.ts';
import { firstCard } from './card.ts';
import {
  type Bar,
  bar,
  barsOf,
  EPOCH_STEPS,
  type GpuCase,
  type Measured,
  type PackingReport,
  type ReportLine,
} from './gpu-report.ts';
import type { GpuAnswer, GpuAsk, GpuMessage } from './gpu-worker.ts';
import { round } from './measure.ts';

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

const worker = fileURLToPath(new URL('./gpu-worker.ts', import.meta.url));
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Where it is measured, and with what. */
interface Bench {
  readonly device: DeviceKind;
  readonly card: Card;
  readonly steps: number;
  /** Lets every process see this card alone. */
  readonly variables: Readonly<Record<string, string>>;
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
    variables:
      device === 'gpu'
        ? { CUDA_VISIBLE_DEVICES: card.uuid || String(card.index), CUDA_DEVICE_ORDER: 'PCI_BUS_ID' }
        : {},
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
      await pack(here, architectures[0]!, wanted[0]!);
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
  const ask: GpuAsk = {
    device,
    arch,
    precision,
    steps,
    deterministic: false,
    epoch: device === 'gpu' ? EPOCH_STEPS : 4,
  };
  const parts = await inEmptyCache(async (variables) => {
    const one = (change: Partial<GpuAsk> = {}) =>
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

/** Rates of 1, 2, 4 and 8 workers on one card; kept for the lab's choice of slots. */
async function pack(here: Bench, arch: string, precision: Precision): Promise<void> {
  const { device, card, steps } = here;
  const cards = [card.uuid || String(card.index)];
  const sharing =
    device === 'gpu'
      ? await shareCards(cards)
      : ({ shared: true, variables: {}, end: async () => undefined } as const);
  if (!sharing.shared) console.log(`Packing: ${sharing.reason}`);
  const ask: GpuAsk = { device, arch, precision, steps, deterministic: false, epoch: 0 };
  const measurements: PackingMeasurement[] = [];
  let problem = '';
  try {
    await inEmptyCache(async (variables) => {
      for (const slots of device === 'gpu' ? [1, 2, 4, 8] : [1, 2]) {
        const { answers, memory } = await measureTogether(here, ask, slots, {
          ...variables,
          ...(sharing.shared && sharing.variables),
        });
        const stepsPerSecond = answers.reduce((sum, { msPerStep }) => sum + 1000 / msPerStep, 0);
        measurements.push({ slots, stepsPerSecond: round(stepsPerSecond, 2), memory });
        const taken =
          memory === null
            ? 'memory not known'
            : `${(memory / slots / 2 ** 20).toFixed(0)} MiB of the card each`;
        console.log(
          `Packing: ${slots} workers, ${stepsPerSecond.toFixed(1)} steps/s in all, ${taken}`,
        );
      }
    });
  } catch (error) {
    problem = messageOf(error); // so many do not fit, perhaps; those before them are measured
    console.log(`Packing: no more workers: ${problem}`);
  } finally {
    if (sharing.shared) await sharing.end();
  }
  if (measurements.length === 0) throw new Error(problem);
  const found = {
    format: 'ktg-packing' as const,
    version: 1 as const,
    card: card.title,
    driver: card.driver,
    engine: measuredEngine,
    work: `${arch}, batch 64, ${precision}`,
    shared: sharing.shared,
    measurements,
  };
  const choice = chooseSlots(found, card);
  const bars: Bar[] = [];
  try {
    const { graph } = python(here, 'pytorch_gpu.py', [
      device,
      arch,
      precision,
      String(steps),
    ]) as NonNullable<GpuCase['pytorch']>;
    const most = Math.max(...measurements.map(({ stepsPerSecond }) => stepsPerSecond));
    if (graph !== undefined)
      bars.push(
        bar('times the steps of one CUDA graph', (most * graph) / 1000, PACKING_BAR, 'at least'),
      );
  } catch (error) {
    console.log(`Packing: PyTorch did not run: ${messageOf(error)}`);
  }
  for (const each of bars) console.log(`Packing: ${barWords(each)}`);
  console.log(`Packing: ${choice.slots} slots. ${choice.reason}`);
  if (device === 'gpu') keepPacking(packingFile(card.title), found);
  here.tell({ packing: { ...found, choice, bars } satisfies PackingReport });
}

/**
 * A folder of programs and recordings that begins empty, and is shared by all that is measured in
 * it.
 */
async function inEmptyCache<T>(
  work: (variables: Record<string, string>) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'ktg-compiled-'));
  try {
    return await work({ KTG_COMPILED: folder });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureOne(
  here: Bench,
  ask: GpuAsk,
  variables: Record<string, string>,
): Promise<Measured> {
  const { answers, memory } = await measureTogether(here, ask, 1, variables);
  return { ...answers[0]!, memory };
}

/**
 * Measurements in processes of their own (variables and caches are read once), timed when all of
 * them are ready; and the bytes of the card's memory that they took together, by what is used of it
 * with and without them: in a container, and under CUDA MPS, the driver knows their processes by
 * other numbers, or not at all.
 */
async function measureTogether(
  here: Bench,
  ask: GpuAsk,
  count: number,
  variables: Record<string, string>,
): Promise<{ answers: GpuAnswer[]; memory: number | null }> {
  const before = memoryUsed(here);
  const env = { ...process.env, ...here.variables, ...variables };
  const children = Array.from({ length: count }, () =>
    fork(worker, [JSON.stringify(ask)], { env }),
  );
  try {
    await Promise.all(children.map((child) => heard(child, (message) => message === 'ready')));
    for (const child of children) child.send('go');
    const answers = (await Promise.all(
      children.map((child) => heard(child, (message) => message !== 'ready')),
    )) as GpuAnswer[];
    const after = memoryUsed(here);
    return { answers, memory: before === null || after === null ? null : after - before };
  } catch (error) {
    for (const child of children) child.kill(); // they wait for the one that failed
    throw error;
  } finally {
    await Promise.all(children.map((child) => ended(child)));
  }
}

/** What a worker says next that fits. Rejects with its problem, or when it ends without a word. */
function heard(child: ChildProcess, fits: (message: GpuMessage) => boolean): Promise<GpuMessage> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: GpuMessage) => {
      if (typeof message === 'object' && 'problem' in message) reject(new Error(message.problem));
      else if (fits(message)) resolve(message);
    });
    child.once('exit', (code, signal) => {
      reject(new Error(`a worker ended by ${signal ?? `exit status ${code}`}`));
    });
  });
}

/** Lets a worker end by itself, and kills it when it does not. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  if (child.connected) child.send('end', () => undefined);
  const patience = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(patience);
}

/** Bytes of the card's memory that are in use; null where nobody says. */
function memoryUsed({ device, variables }: Bench): number | null {
  if (device === 'cpu') return null;
  try {
    const query = [
      '--query-gpu=memory.used',
      '--format=csv,noheader,nounits',
      '-i',
      variables.CUDA_VISIBLE_DEVICES!,
    ];
    const used = Number(execFileSync('nvidia-smi', query, { encoding: 'utf8' }).trim());
    return Number.isFinite(used) ? used * 2 ** 20 : null;
  } catch {
    return null;
  }
}

/**
 * The last line of a Python script's output, which is JSON. Throws an Error with its last words.
 */
function python({ variables }: Bench, name: string, args: string[]): unknown {
  const env = { ...process.env, ...variables, XLA_PYTHON_CLIENT_PREALLOCATE: 'false' };
  const { status, stdout, stderr, error } = spawnSync('python3', [script(name), ...args], {
    encoding: 'utf8',
    env,
    timeout: TIMEOUT,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(stderr.trim().split('\n').at(-1) ?? `exit status ${status}`);
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}
