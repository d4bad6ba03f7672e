/**
 * Times steps of the version of this project in another folder: `version-step.ts DIR ARCH THREADS`.
 * Each line of the input is a number of steps; each line of the output, for each step, its
 * milliseconds by the clock and of all threads.
 */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Case, Prepared } from './measure.ts';

/** What every version's measure.ts has. */
interface Measure {
  readonly readCase: (args: string[], fallback: { arch: string; steps: number }) => Case;
  readonly prepare: (one: Case) => Promise<Prepared>;
}

const [folder, arch, threads] = process.argv.slice(2) as [string, string, string];
const path = join(folder, 'test', 'bench', 'measure.ts');
const { readCase, prepare } = (await import(path)) as Measure;
const { train } = await prepare(readCase(['--threads', threads], { arch, steps: 1 }));
const timed = (): [number, number] => {
  const before = process.cpuUsage();
  const clock = train();
  const { user, system } = process.cpuUsage(before);
  return [clock, (user + system) / 1000];
};
console.log('[]');
for await (const line of createInterface(process.stdin))
  console.log(JSON.stringify(Array.from({ length: Number(line) }, timed)));
process.exit(0);
