import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  type Case,
  machine,
  ownNow,
  prepare,
  readCase,
  residentMost,
  residentNow,
} from './measure.ts';

/** Steps after which nothing should grow any more: allocators and caches have what they need. */
const WARM = 200;

/** Growth of tensors and resident memory over many steps, and the memory of PyTorch's modes. */
export async function bench(args: string[]): Promise<number> {
  const one = readCase(args, { arch: 'resnet8', steps: 1000 });
  const { engine, step, train } = await prepare(one);
  console.log(`${one.arch}, batch ${one.batch}: ${machine(one)}`);
  for (let i = 0; i < WARM; i++) train();
  const tensors = engine.counts().tensors;
  const resident = residentNow();
  for (let i = 0; i < one.steps; i++) train();
  const grown = { tensors: engine.counts().tensors - tensors, mib: residentNow() - resident };
  console.log(
    `  after ${one.steps} more steps: ${grown.tensors} tensors more, ${grown.mib.toFixed(1)} MiB more; ${wordsOf(residentMost(), ownNow())}`,
  );
  step.dispose();
  for (const mode of one.alone ? [] : pytorchModes) {
    const found = memoryOfPyTorch(one, mode);
    if (found) console.log(`  PyTorch ${mode}: ${wordsOf(found.peak_mib, found.own_mib)}`);
  }
  return 0;
}

const wordsOf = (most: number, own: number | null): string =>
  `at most ${most.toFixed(0)} MiB in all` + (own === null ? '' : `, ${own.toFixed(0)} of its own`);

interface Memory {
  readonly peak_mib: number;
  /** Without pages of files at the end; null where the system does not tell it. */
  readonly own_mib: number | null;
}

/** Modes of pytorch_step.py, each in a process of its own. */
const pytorchModes = ['eager', 'channels_last', 'compile', 'bfloat16', 'compile_bfloat16'];
const script = fileURLToPath(new URL('./pytorch_step.py', import.meta.url));

/** Returns the memory of PyTorch's process after ten steps; null without PyTorch. */
function memoryOfPyTorch({ arch, batch, classes, threads }: Case, mode: string): Memory | null {
  const { status, stdout } = spawnSync(
    'python3',
    [script, arch, String(batch), String(classes), String(threads)],
    { input: `${mode} 10\n`, encoding: 'utf8', env: { ...process.env, PYTHONSAFEPATH: '1' } },
  );
  if (status !== 0) return null;
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Memory;
}
