import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { computesBfloat16 } from '../../core/devices/processor.ts';
import type { Precision } from '../../core/study/computation.ts';
import { largePages } from '../../core/workers/placement.ts';
import {
  type Case,
  machine,
  median,
  prepare,
  type Prepared,
  readCase,
  residentMost,
  round,
} from './measure.ts';

/** The cases that are measured when none is named. */
const cases = ['resnet32', 'resnet8+resnet8+resnet8', 'resnet32+resnet110', 'wrn-28-2'];

/**
 * Steps of one engine before the other has its turn, so that both see the same moods of the
 * machine. Each turn begins with a step that does not count, after which caches and threads are its
 * own again.
 */
const BLOCK = 8;
const WARM = 3;

/** PyTorch's modes, as in pytorch_step.py, with the words of a table. */
const pytorchModes = {
  eager: 'eager',
  channels_last: 'channels_last',
  compile: 'torch.compile, channels_last',
  bfloat16: 'channels_last, bfloat16',
  compile_bfloat16: 'torch.compile, channels_last, bfloat16',
} as const;
type Mode = keyof typeof pytorchModes;
const allModes = Object.keys(pytorchModes) as Mode[];
/** Modes that compute in float32, as our own step does. */
const float32Modes: readonly Mode[] = ['eager', 'channels_last', 'compile'];

/**
 * Times whole training steps (gather, augmentation, forward, losses, backward, update, metrics), by
 * turns with PyTorch's where python3 has it, in float32 and, where the processor can, bfloat16. The last line of `--json` is one object.
 */
export async function bench(args: string[]): Promise<number> {
  const named = args.includes('--arch');
  const pages = largePages();
  if (named && process.env.GLIBC_TUNABLES === pages.GLIBC_TUNABLES)
    return measure(readCase(args, { arch: '', steps: 40 }));
  for (const arch of named ? [[]] : cases.map((name) => ['--arch', name])) {
    // a process each, with a worker's variables, so that memory and compilation are its own
    const { status } = spawnSync(process.execPath, [main, 'step', ...args, ...arch], {
      stdio: 'inherit',
      env: { ...process.env, ...pages },
    });
    if (status !== 0) return status ?? 1;
  }
  return 0;
}

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

async function measure(one: Case): Promise<number> {
  const ours = new Map<Precision, Measured>();
  for (const precision of precisionsOf(one)) {
    const prepared = await prepare({ ...one, precision });
    ours.set(precision, { prepared, times: [], ratios: new Map() });
  }
  const pytorch = one.alone ? undefined : await PyTorch.start(one);
  console.log(`${one.arch}, batch ${one.batch}, ${one.clock} time: ${machine(one)}`);
  if (!pytorch && !one.alone) console.log('python3 has no torch: nothing to compare with.');
  const modes = pytorch ? allModes : [];
  for (const { prepared } of ours.values()) for (let i = 1; i < WARM; i++) prepared.train(); // the first one was part of the compilation
  for (const mode of modes) await pytorch!.time(mode, WARM);

  const times = new Map<Mode, number[]>(modes.map((mode) => [mode, []]));
  for (let done = 0; done < one.steps; done += BLOCK) {
    const count = Math.min(BLOCK, one.steps - done);
    const blocks = [...ours.values()].map((each): [Measured, number[]] => {
      each.prepared.train();
      const block = Array.from({ length: count }, each.prepared.train);
      each.times.push(...block);
      return [each, block];
    });
    for (const mode of modes) {
      const [, ...theirs] = await pytorch!.time(mode, 1 + count);
      times.get(mode)!.push(...theirs);
      for (const [{ ratios }, block] of blocks)
        ratios.set(mode, [...(ratios.get(mode) ?? []), median(block) / median(theirs)]);
    }
  }
  pytorch?.stop();
  for (const [precision, measured] of ours) sayOurs(precision, measured);
  for (const mode of modes)
    console.log(`  PyTorch ${pytorch!.version} ${pytorchModes[mode]}: ${spread(times.get(mode)!)}`);
  if (pytorch) sayBest(times);
  for (const { prepared } of ours.values()) prepared.step.dispose();
  if (one.json) console.log(JSON.stringify(report(one, ours, times)));
  return 0;
}

/** Our own steps in one precision, and their share of each mode's time by block. */
interface Measured {
  readonly prepared: Prepared;
  readonly times: number[];
  readonly ratios: Map<Mode, number[]>;
}

/** Returns the asked precision; without one float32, and bfloat16 where the processor has it. */
function precisionsOf({ precision, engine }: Case): readonly Precision[] {
  if (precision !== null) return [precision];
  return engine === 'tensorflow' && computesBfloat16() ? ['float32', 'bfloat16'] : ['float32'];
}

function sayOurs(precision: Precision, { prepared, times, ratios }: Measured): void {
  const { engine, compileSeconds } = prepared;
  console.log(
    `  ${engine.info.version} (${engine.info.name}, ${precision}): ${spread(times)}; ` +
      `compiled in ${compileSeconds.toFixed(2)} s, at most ${residentMost().toFixed(0)} MiB`,
  );
  for (const [mode, found] of ratios) {
    const range = `${Math.min(...found).toFixed(2)} to ${Math.max(...found).toFixed(2)}`;
    console.log(`    ${median(found).toFixed(2)} of ${pytorchModes[mode]} (by block ${range})`);
  }
}

/** Returns the object of the last line of `--json`; without a suffix in our first precision. */
function report(
  { arch, batch }: Case,
  ours: ReadonlyMap<Precision, Measured>,
  times: ReadonlyMap<Mode, readonly number[]>,
): unknown {
  const figures = ({ prepared, times: own, ratios }: Measured): object => ({
    ms_median: round(median(own), 2),
    ms_min: round(Math.min(...own), 2),
    compile_s: round(prepared.compileSeconds, 2),
    ratios: Object.fromEntries([...ratios].map(([mode, all]) => [mode, round(median(all), 3)])),
  });
  const [first, ...more] = [...ours];
  return {
    arch,
    batch,
    engine: first![1].prepared.engine.info.name,
    precision: first![0],
    rss_mib: round(residentMost(), 0),
    ...figures(first![1]),
    ...Object.fromEntries(more.map(([precision, measured]) => [precision, figures(measured)])),
    pytorch_ms: Object.fromEntries([...times].map(([mode, all]) => [mode, round(median(all), 2)])),
  };
}

const spread = (times: readonly number[]): string =>
  `median ${median(times).toFixed(1)} ms, least ${Math.min(...times).toFixed(1)} ms`;

/** Names the modes that a user of PyTorch would pick: the fastest in float32, and of all. */
function sayBest(times: ReadonlyMap<Mode, readonly number[]>): void {
  const fastest = (modes: readonly Mode[]): Mode =>
    modes.reduce((best, mode) =>
      median(times.get(mode)!) < median(times.get(best)!) ? mode : best,
    );
  const [float32, any] = [fastest(float32Modes), fastest(allModes)];
  console.log(
    `  A user of PyTorch would pick ${pytorchModes[float32]} in float32 and ${pytorchModes[any]} of all.`,
  );
}

/** pytorch_step.py in a process of its own, asked for a few steps at a time. */
class PyTorch {
  readonly version: string;
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string>;

  private constructor(
    child: ChildProcessWithoutNullStreams,
    lines: AsyncIterator<string>,
    version: string,
  ) {
    this.child = child;
    this.lines = lines;
    this.version = version;
  }

  /** Undefined where python3 or its torch is missing. */
  static async start({ arch, batch, classes, threads, clock }: Case): Promise<PyTorch | undefined> {
    const place = { cwd: import.meta.dirname, env: { ...process.env, PYTHONSAFEPATH: '1' } };
    if (spawnSync('python3', ['-c', 'import torch'], place).status !== 0) return undefined;
    const script = fileURLToPath(new URL('./pytorch_step.py', import.meta.url));
    const sizes = [batch, classes, threads].map(String);
    const child = spawn('python3', [script, arch, ...sizes, clock]);
    child.stderr.pipe(process.stderr);
    await once(child, 'spawn');
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const { version } = (await answer(lines)) as { version: string };
    return new PyTorch(child, lines, version);
  }

  /** Milliseconds of `count` steps. */
  async time(mode: Mode, count: number): Promise<number[]> {
    this.child.stdin.write(`${mode} ${count}\n`);
    return (await answer(this.lines)) as number[];
  }

  stop(): void {
    this.child.stdin.end();
  }
}

async function answer(lines: AsyncIterator<string>): Promise<unknown> {
  const next = await lines.next();
  if (next.done) throw new Error('pytorch_step.py ended; see above.');
  return JSON.parse(next.value) as unknown;
}
