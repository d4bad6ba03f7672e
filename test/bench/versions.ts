import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LabError } from '../../core/base/errors.ts';
import { integerOption, textOf } from '../../core/commands/values.ts';
import { median, round } from './measure.ts';

/** Steps of one version before the other has its turn; the first of each turn does not count. */
const BLOCK = 8;

/**
 * Is this version as fast as another one? Times steps of both by turns, each in a process of its own
 * from its own folder, and prints the ratio of their medians and its range over the turns.
 */
export async function bench(args: string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const options = { before: text, arch: text, turns: text, threads: text };
  const { values } = parseArgs({ args, options: { ...options, json: { type: 'boolean' } } });
  const before = textOf(values, 'before');
  if (before === undefined)
    throw new LabError({ code: 'bench.no-version', message: 'Give --before FOLDER.', next: '' });
  const turns = integerOption(values, 'turns', 6, 1, 1000);
  const threads = integerOption(values, 'threads', cpus().length, 1, 1024);
  const all = textOf(values, 'arch') ?? 'resnet32,resnet8+resnet8+resnet8,resnet32+resnet110';
  for (const arch of all.split(',')) {
    const now = fileURLToPath(new URL('../..', import.meta.url));
    const versions = [resolve(before), now].map((folder) => new Version(folder, arch, threads));
    for (const version of versions) await version.answer(); // compiled
    const times = versions.map((): number[][] => []);
    for (let turn = 0; turn < turns; turn++)
      for (const [i, version] of versions.entries())
        times[i]!.push((await version.time(BLOCK + 1)).slice(1));
    for (const version of versions) version.stop();
    const ratios = times[1]!.map((block, turn) => median(block) / median(times[0]![turn]!));
    const [old, own] = times.map((blocks) => median(blocks.flat())) as [number, number];
    const [low, high] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(3));
    console.log(
      `${arch}: before ${round(old)} ms, now ${round(own)} ms, now : before ` +
        `${median(ratios).toFixed(3)} (by turn ${low} to ${high}), load ${loadavg()[0]!.toFixed(1)}`,
    );
    if (values.json) console.log(JSON.stringify({ arch, before: old, now: own, ratios }));
  }
  return 0;
}

/** A process that times steps of the version in a folder. */
class Version {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  constructor(folder: string, arch: string, threads: number) {
    const script = fileURLToPath(new URL('./version-step.ts', import.meta.url));
    this.#child = spawn(process.execPath, [script, folder, arch, String(threads)], { cwd: folder });
    this.#child.stderr.pipe(process.stderr);
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  /** Returns the milliseconds of `count` steps. */
  async time(count: number): Promise<number[]> {
    this.#child.stdin.write(`${count}\n`);
    return this.answer();
  }

  async answer(): Promise<number[]> {
    for (;;) {
      const next = await this.#lines.next();
      if (next.done) throw new Error('A version ended; see above.');
      if (next.value.startsWith('[')) return JSON.parse(next.value) as number[];
    }
  }

  stop(): void {
    this.#child.stdin.end();
  }
}
