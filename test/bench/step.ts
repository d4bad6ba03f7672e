import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Case, machine, median, prepare, readCase, residentMost, round } from './measure.ts';

/** The cases that are measured when none is named. */
const cases = ['resnet32', 'resnet8+resnet8+resnet8', 'resnet32+resnet110'];

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
 * turns with PyTorch's where python3 has it. The last line of `--json` is one object.
 */
export async function bench(args: string[]): Promise<number> {
  if (args.includes('--arch')) return measure(readCase(args, { arch: '', steps: 40 }));
  for (const arch of cases) {
    // a process each, so that memory and compilation are its own
    const { status } = spawnSync(process.execPath, [main, 'step', ...args, '--arch', arch], {
      stdio: 'inherit',
    });
    if (status !== 0) return status ?? 1;
  }
  return 0;
}

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

async function measure(one: Case): Promise<number> {
  const { engine, step, compileSeconds, train } = await prepare(one);
  const pytorch = one.alone ? undefined : await PyTorch.start(one);
  console.log(`${one.arch}, batch ${one.batch}: ${machine(one)}`);
  if (!pytorch && !one.alone) console.log('python3 has no torch: nothing to compare with.');
  const modes = pytorch ? allModes : [];
  for (let i = 1; i < WARM; i++) train(); // the first one was part of the compilation
  for (const mode of modes) await pytorch!.time(mode, WARM);

  const ours: number[] = [];
  const times = new Map<Mode, number[]>(modes.map((mode) => [mode, []]));
  const ratios = new Map<Mode, number[]>(modes.map((mode) => [mode, []]));
  while (ours.length < one.steps) {
    train();
    const block = Array.from({ length: Math.min(BLOCK, one.steps - ours.length) }, train);
    ours.push(...block);
    for (const mode of modes) {
      const [, ...theirs] = await pytorch!.time(mode, 1 + block.length);
      times.get(mode)!.push(...theirs);
      ratios.get(mode)!.push(median(block) / median(theirs));
    }
  }
  pytorch?.stop();
  console.log(
    `  ${engine.info.version} (${engine.info.name}): ${spread(ours)}; ` +
      `compiled in ${compileSeconds.toFixed(2)} s, at most ${residentMost().toFixed(0)} MiB`,
  );
  for (const mode of modes) {
    const found = ratios.get(mode)!;
    const range = `${Math.min(...found).toFixed(2)} to ${Math.max(...found).toFixed(2)}`;
    console.log(
      `  PyTorch ${pytorch!.version} ${pytorchModes[mode]}: ${spread(times.get(mode)!)}; ` +
        `ours takes ${median(found).toFixed(2)} of that (by block ${range})`,
    );
  }
  if (pytorch) sayBest(times);
  step.dispose();
  if (one.json) {
    const result = {
      arch: one.arch,
      batch: one.batch,
      engine: engine.info.name,
      ms_median: round(median(ours), 2),
      ms_min: round(Math.min(...ours), 2),
      rss_mib: round(residentMost(), 0),
      compile_s: round(compileSeconds, 2),
      pytorch_ms: Object.fromEntries(
        modes.map((mode) => [mode, round(median(times.get(mode)!), 2)]),
      ),
      ratios: Object.fromEntries(modes.map((mode) => [mode, round(median(ratios.get(mode)!), 3)])),
    };
    console.log(JSON.stringify(result));
  }
  return 0;
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
  static async start({ arch, batch, classes, threads }: Case): Promise<PyTorch | undefined> {
    const place = { cwd: import.meta.dirname, env: { ...process.env, PYTHONSAFEPATH: '1' } };
    if (spawnSync('python3', ['-c', 'import torch'], place).status !== 0) return undefined;
    const script = fileURLToPath(new URL('./pytorch_step.py', import.meta.url));
    const child = spawn('python3', [script, arch, String(batch), String(classes), String(threads)]);
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
