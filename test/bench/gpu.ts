import { execFileSync, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { choiceOf, wholeOf } from '../../core/commands/values.ts';
import type { DeviceKind } from '../../core/engine/computation.ts';
import { type Precision, precisions } from '../../core/study/computation.ts';
import { shareCards } from '../../core/workers/mps.ts';
import {
  chooseSlots,
  keepPacking,
  packingFile,
  type PackingMeasurement,
} from '../../core/workers/packing.ts';
import type { GpuAsk, GpuAnswer } from './gpu-worker.ts';
import { round } from './measure.ts';

/** What bars are set for: batch 64, 100 classes. */
const cases = [
  'resnet32',
  'resnet110',
  'resnet32+resnet110',
  'resnet32+resnet32+resnet32+resnet32+resnet32',
  'resnet32+resnet110+wrn-28-2',
];

/** The bars: ours over CUDA graphs, PyTorch eager over ours, an epoch over its steps, cold and cached compile, several workers over one CUDA graph. */
const bars = { graph: 1, eager: 3, epoch: 1.05, jax: 1, cold: 40, cached: 2, packing: 3 };

const worker = fileURLToPath(new URL('./gpu-worker.ts', import.meta.url));
const pytorchScript = fileURLToPath(new URL('./pytorch_gpu.py', import.meta.url));

/**
 * Everything that has a bar, measured on one card in one run: our steps beside PyTorch's, eager and as CUDA graphs, in
 * TF32 (or float32) and bfloat16; whole epochs beside JAX's where python3 has it; compilation cold and from the cache;
 * repeats with --deterministic; several workers at once. `--device cpu` runs the same with small cases, to try the script.
 */
export async function bench(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      device: { type: 'string' },
      precision: { type: 'string' },
      steps: { type: 'string' },
      arch: { type: 'string', multiple: true },
      packing: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  });
  const device = choiceOf(values, 'device', ['cpu', 'gpu'], 'gpu');
  const steps = wholeOf(values, 'steps', device === 'gpu' ? 300 : 4, 1, 100_000);
  const architectures = values.arch ?? (device === 'gpu' ? cases : ['resnet8']);
  const both: Precision[] = device === 'gpu' ? ['tf32', 'bfloat16'] : ['float32'];
  const wanted = values.precision === undefined ? both : [choiceOf(values, 'precision', precisions, 'tf32')];
  const card = device === 'gpu' ? cardInfo() : { title: 'processor', driver: '', memory: null };
  console.log(`${card.title}${card.driver === '' ? '' : `, driver ${card.driver}`}; batch 64, 100 classes, ${steps} steps each`); // prettier-ignore
  const results: unknown[] = [];
  if (values.packing !== true)
    for (const precision of wanted)
      for (const arch of architectures) results.push(await one(device, arch, precision, steps));
  const packing = await pack(device, card, architectures[0]!, wanted[0]!, steps);
  if (values.json) console.log(JSON.stringify({ card, results, packing }));
  return 0;
}

/** A ratio beside its bar. */
const compare = (name: string, ratio: number | undefined, limit: number, least = false): string =>
    ratio === undefined ? `${name} not measured` : `${name} ${ratio.toFixed(2)} (${least ? '>=' : '<='} ${limit}: ${(least ? ratio >= limit : ratio <= limit) ? 'met' : 'MISSED'})`; // prettier-ignore

async function one(device: DeviceKind, arch: string, precision: Precision, steps: number): Promise<unknown> {
  const ask = { device, arch, precision, steps, deterministic: false, epoch: true };
  const cold = await measure({ ...ask, cache: 'empty' });
  const cached = await measure({ ...ask, cache: 'kept' });
  const deterministic =
    device === 'gpu' ? await measure({ ...ask, deterministic: true, epoch: false }) : undefined;
  const pytorch = pytorchTimes(device, arch, precision, steps);
  const ours = cached.msPerStep;
  const lines = [
    `${ours.toFixed(2)} ms a step`,
    compare('of a CUDA graph', pytorch?.graph && ours / pytorch.graph, bars.graph),
    compare('times as fast as eager', pytorch?.eager && pytorch.eager / ours, bars.eager, true),
    compare('epoch over its steps', cached.epochRatio, bars.epoch),
    compare('of JAX', pytorch?.jax && ours / pytorch.jax, bars.jax),
    compare('s to compile', cold.compileSeconds, bars.cold),
    compare('s from the cache', cached.compileSeconds, bars.cached),
    `${cached.memory === null ? 'memory not known' : `${(cached.memory / 2 ** 20).toFixed(0)} MiB of the card`}`,
    ...(deterministic ? [`deterministic ${(deterministic.msPerStep / ours).toFixed(2)} x, ${deterministic.repeats ? 'same bits twice' : 'NOT the same bits twice'}`] : []), // prettier-ignore
  ];
  console.log(`${arch}, ${precision}\n  ${lines.join('\n  ')}`);
  return { arch, precision, cold, cached, deterministic, pytorch };
}

/** Rates of 1, 2, 4 and 8 workers on one card; kept for the lab's choice of slots. */
async function pack(
  device: DeviceKind,
  card: ReturnType<typeof cardInfo>,
  arch: string,
  precision: Precision,
  steps: number,
): Promise<unknown> {
  const sharing = device === 'gpu' ? await shareCards(['0']) : ({ shared: true, variables: {}, end: async () => undefined } as const); // prettier-ignore
  if (!sharing.shared) console.log(`Packing: ${sharing.reason}`);
  const measurements: PackingMeasurement[] = [];
  try {
    for (const slots of device === 'gpu' ? [1, 2, 4, 8] : [1, 2]) {
      const ask: GpuAsk = {
        device,
        arch,
        precision,
        steps,
        deterministic: false,
        epoch: false,
        cache: 'kept',
      };
      const all = await measureTogether(ask, slots, sharing.shared ? sharing.variables : {});
      const stepsPerSecond = all.reduce((sum, { msPerStep }) => sum + 1000 / msPerStep, 0);
      const memory = all.every((each) => each.memory !== null)
        ? all.reduce((sum, each) => sum + each.memory!, 0)
        : null;
      measurements.push({ slots, stepsPerSecond: round(stepsPerSecond, 2), memory });
      console.log(`Packing: ${slots} workers, ${stepsPerSecond.toFixed(1)} steps/s in all`);
    }
  } finally {
    if (sharing.shared) await sharing.end();
  }
  const found = {
    format: 'ktg-packing' as const,
    version: 1 as const,
    card: card.title,
    driver: card.driver,
    engine: 'TensorFlow',
    work: `${arch}, batch 64, ${precision}`,
    shared: sharing.shared,
    measurements,
  };
  const graph = pytorchTimes(device, arch, precision, steps)?.graph;
  const most = Math.max(...measurements.map(({ stepsPerSecond }) => stepsPerSecond));
  console.log(`Packing: ${compare('times the steps of one CUDA graph', graph && (most * graph) / 1000, bars.packing, true)}`); // prettier-ignore
  const choice = chooseSlots(found, card.memory);
  console.log(`Packing: ${choice.slots} slots. ${choice.reason}`);
  if (device === 'gpu') keepPacking(packingFile(card.title), found);
  return { ...found, choice };
}

const measure = async (ask: GpuAsk): Promise<GpuAnswer> => (await measureTogether(ask, 1))[0]!;

/** Measurements in processes of their own (variables and caches are read once), timed when all of them are ready. */
async function measureTogether(
  ask: GpuAsk,
  count: number,
  variables: Record<string, string> = {},
): Promise<GpuAnswer[]> {
  const children = Array.from({ length: count }, () =>
    fork(worker, [JSON.stringify(ask)], { env: { ...process.env, ...variables } }),
  );
  const answers: GpuAnswer[] = [];
  let ready = 0;
  for (const child of children)
    child.on('message', (message: 'ready' | GpuAnswer) => {
      if (message !== 'ready') answers.push(message);
      else if (++ready === count) for (const each of children) each.send('go');
    });
  // one that fails would leave the others waiting for it
  for (const child of children)
    child.once('exit', (code) => code !== 0 && children.forEach((each) => each.kill()));
  const ends = (await Promise.all(children.map((child) => once(child, 'exit')))) as [number | null][];
  if (ends.some(([code]) => code !== 0) || answers.length < count) throw new Error(`A worker of ${ask.arch} failed; see above.`); // prettier-ignore
  return answers;
}

interface PyTorchTimes {
  eager: number;
  graph?: number;
  jax?: number;
}

function pytorchTimes(
  device: DeviceKind,
  arch: string,
  precision: Precision,
  steps: number,
): PyTorchTimes | undefined {
  const { status, stdout, stderr } = spawnSync('python3', [pytorchScript, device, arch, precision, String(steps)], { encoding: 'utf8' }); // prettier-ignore
  if (status === 0) return JSON.parse(stdout.trim().split('\n').at(-1)!) as PyTorchTimes;
  console.log(`PyTorch did not run: ${stderr.trim().split('\n').at(-1) ?? ''}`);
  return undefined;
}

function cardInfo(): { title: string; driver: string; memory: number | null } {
  const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader,nounits', '-i', '0'];
  const [title, driver, memory] = execFileSync('nvidia-smi', query, { encoding: 'utf8' }).split(',').map((word) => word.trim()); // prettier-ignore
  return { title: title!, driver: driver!, memory: Number(memory) * 2 ** 20 };
}
