import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Case, machine, median, prepare, readCase, residentMost, round } from './measure.ts';

/** The cases that are measured when none is named. */
const cases = ['resnet32', 'resnet8+resnet8+resnet8', 'resnet32+resnet110'];

/**
 * Steps of one engine before the other has its turn, so that both see the same moods of the machine. Each turn begins with
 * a step that does not count, after which caches and threads are its own again.
 */
const BLOCK = 8;
const WARM = 3;

/**
 * Times whole training steps (gather, augmentation, forward, losses, backward, update, metrics), by turns with PyTorch's
 * where python3 has it. The last line of `--json` is one object.
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
  const modes = pytorch ? (['eager', 'channels_last'] as const) : [];
  for (let i = 1; i < WARM; i++) train(); // the first one was part of the compilation
  for (const mode of modes) await pytorch!.time(mode, WARM);

  const ours: number[] = [];
  const theirs = { eager: [] as number[], channels_last: [] as number[] };
  const ratios = { eager: [] as number[], channels_last: [] as number[] };
  while (ours.length < one.steps) {
    train();
    const block = Array.from({ length: Math.min(BLOCK, one.steps - ours.length) }, train);
    ours.push(...block);
    for (const mode of modes) {
      const [, ...times] = await pytorch!.time(mode, 1 + block.length);
      theirs[mode].push(...times);
      ratios[mode].push(median(block) / median(times));
    }
  }
  pytorch?.stop();
  const ms = (times: readonly number[]): string => `median ${median(times).toFixed(1)} ms, least ${Math.min(...times).toFixed(1)} ms`; // prettier-ignore
  console.log(`  ${engine.info.version} (${engine.info.name}): ${ms(ours)}; compiled in ${compileSeconds.toFixed(2)} s, at most ${residentMost().toFixed(0)} MiB`); // prettier-ignore
  for (const mode of modes) {
    const range = `${Math.min(...ratios[mode]).toFixed(2)} to ${Math.max(...ratios[mode]).toFixed(2)}`;
    console.log(`  PyTorch ${pytorch!.version} ${mode}: ${ms(theirs[mode])}; ours takes ${median(ratios[mode]).toFixed(2)} of that (by block ${range})`); // prettier-ignore
  }
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
    };
    console.log(JSON.stringify(result));
  }
  return 0;
}

/** pytorch_step.py in a process of its own, asked for a few steps at a time. */
class PyTorch {
  readonly version: string;
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string>;

  private constructor(child: ChildProcessWithoutNullStreams, lines: AsyncIterator<string>, version: string) {
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
  async time(mode: 'eager' | 'channels_last', count: number): Promise<number[]> {
    this.child.stdin.write(`${mode} ${count}\n`);
    return (await answer(this.lines)) as number[];
  }

  stop(): void {
    this.child.stdin.end();
  }
}

async function answer(lines: AsyncIterator<string>): Promise<unknown> {
  const { value, done } = await lines.next();
  if (done) throw new Error('pytorch_step.py ended; see above.');
  return JSON.parse(value) as unknown;
}
