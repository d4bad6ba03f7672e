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
 * from its own folder, and prints the ratio of their medians by the clock and of processor time,
 * which other programs change less, and the range over the turns.
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
    const times = versions.map((): Spent[][] => []);
    for (let turn = 0; turn < turns; turn++)
      for (const [i, version] of versions.entries())
        times[i]!.push((await version.time(BLOCK + 1)).slice(1));
    for (const version of versions) version.stop();
    const found = [0, 1].map((which) => compared(times, which));
    const [clock, processor] = found as [Compared, Compared];
    console.log(
      `${arch}: ${wordsOf(clock)}; processor ${wordsOf(processor)}; load ` +
        loadavg()[0]!.toFixed(1),
    );
    if (values.json) console.log(JSON.stringify({ arch, clock, processor }));
  }
  return 0;
}

/** Milliseconds of a step by the clock, and of all threads. */
type Spent = readonly [clock: number, processor: number];

interface Compared {
  readonly before: number;
  readonly now: number;
  /** Now : before, by turn. */
  readonly ratios: readonly number[];
}

/** Compares the turns of both versions by one of their times. */
function compared(times: readonly (readonly Spent[])[][], which: number): Compared {
  const [old, own] = times.map((turns) => turns.map((turn) => turn.map((spent) => spent[which]!)));
  return {
    before: median(old!.flat()),
    now: median(own!.flat()),
    ratios: own!.map((turn, i) => median(turn) / median(old![i]!)),
  };
}

function wordsOf({ before, now, ratios }: Compared): string {
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(3));
  return (
    `before ${round(before)} ms, now ${round(now)} ms, now : before ` +
    `${median(ratios).toFixed(3)} (by turn ${low} to ${high})`
  );
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

  /** Returns the times of `count` steps. */
  async time(count: number): Promise<Spent[]> {
    this.#child.stdin.write(`${count}\n`);
    return this.answer();
  }

  async answer(): Promise<Spent[]> {
    for (;;) {
      const next = await this.#lines.next();
      if (next.done) throw new Error('A version ended; see above.');
      if (next.value.startsWith('[')) return JSON.parse(next.value) as Spent[];
    }
  }

  stop(): void {
    this.#child.stdin.end();
  }
}
