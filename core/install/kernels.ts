import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LabError, messageOf } from '../base/errors.ts';
import { nodeProgram, outsideArchive } from '../base/node-program.ts';
import { addonFile, findCompiler } from './addon.ts';
import { engineHome } from './engine-home.ts';
import { isProven, placeProven, privateFolder } from './kernel-file.ts';
import { libraryStatus } from './library-status.ts';
import { releaseFor, type Variant } from './release.ts';

const require = createRequire(import.meta.url);

/** Sources of the kernels in C++; build/shell.js copies them beside its bundles. */
const sources = outsideArchive(fileURLToPath(new URL('../engine/kernels/', import.meta.url)));

/** Flags for all sources. The kernels use these instructions without asking; the caller asks. */
export const compilerFlags = [
  ...['-std=c++17', '-O3', '-fPIC', '-Wall', '-Wextra', '-pthread'],
  // Every compiler computes the same numbers: it rounds a product before it adds to it.
  '-ffp-contract=off',
  ...['-mavx2', '-mfma', '-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl', '-mavx512bf16'],
  ...['-mamx-tile', '-mamx-bf16'],
];
const flags = [...compilerFlags, '-shared'];

/**
 * Loads our own kernels into this process; TensorFlow's libraries must be open. The first call of a
 * version compiles them (5 s) into the user's cache and loads them in a process of their own, and so
 * does a call that finds them changed. Returns why that is impossible, such as without a compiler
 * (then TensorFlow's own kernels do the work), else null.
 */
export const loadKernels = (variant: Variant, home: string = engineHome()): LabError | null =>
  problemOf(() => {
    const file = compiled(variant, home);
    try {
      require(file);
    } catch (error) {
      throw doesNotLoad(home, messageOf(error), error);
    }
  });

/**
 * Tries what `loadKernels` does, in a separate process. The library of TensorFlow must be installed.
 *
 * @returns as `loadKernels`
 */
export const checkKernels = (variant: Variant, home: string = engineHome()): LabError | null =>
  problemOf(() => {
    loadElsewhere(compiled(variant, home), variant, home);
  });

function problemOf(work: () => void): LabError | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
}

/**
 * Loads a file in a process of its own, because a broken library can end the process that loads it.
 *
 * @throws LabError `engine.does-not-load`
 */
function loadElsewhere(file: string, variant: Variant, home: string): void {
  const addon = join(libraryStatus(variant).folder, addonFile);
  const load = 'for (const file of process.argv.slice(1)) require(file)';
  const { status, signal, stderr } = spawnSync(nodeProgram(), ['-e', load, addon, file], {
    encoding: 'utf8',
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2', NODE_OPTIONS: '' },
  });
  if (status === 0) return;
  if (signal) throw doesNotLoad(home, `the process that loaded them was ended by ${signal}`);
  throw doesNotLoad(home, /^Error: (.*)$/m.exec(stderr)?.[1] ?? stderr.trim());
}

/** Path of TensorFlow's library with the functions that the kernels call. */
function frameworkOf(variant: Variant): string {
  const [framework] = releaseFor(variant).libraries as [string];
  return join(libraryStatus(variant).folder, framework);
}

const doesNotLoad = (home: string, reason: string, cause?: unknown): LabError =>
  new LabError(
    'engine.does-not-load/kernels',
    { reason, folder: join(home, 'kernels') },
    { cause },
  );

/**
 * Returns the compiled addon, which has loaded once.
 *
 * @throws LabError `engine.no-compiler`, `engine.build-failed`, `engine.does-not-load`,
 *   `engine.cache-not-private`, `engine.cache-not-writable`
 */
function compiled(variant: Variant, home: string): string {
  const library = frameworkOf(variant);
  const names = readdirSync(sources).sort();
  const hash = createHash('sha256').update(`${flags.join(' ')} ${library}`);
  for (const name of names) hash.update(`${name}\n`).update(readFileSync(join(sources, name)));
  const file = join(home, 'kernels', `${hash.digest('hex').slice(0, 16)}.node`);
  if (isProven(file)) return file;
  const compiler = findCompiler('engine.no-compiler/kernels');
  const parts = names.filter((name) => name.endsWith('.cc')).map((name) => join(sources, name));
  try {
    privateFolder(home);
    placeProven(file, (partial, work) => {
      compile(compiler, [...parts, library], partial, work);
      loadElsewhere(partial, variant, home);
    });
  } catch (error) {
    if (error instanceof LabError) throw error;
    const reason = messageOf(error);
    throw new LabError('engine.cache-not-writable/kernels', { home, reason }, { cause: error });
  }
  return file;
}

/**
 * @param work folder for the compiler's own files
 * @throws LabError `engine.build-failed`
 */
function compile(compiler: string, inputs: readonly string[], file: string, work: string): void {
  const { status, signal, stderr } = spawnSync(compiler, [...flags, ...inputs, '-o', file], {
    encoding: 'utf8',
    env: { ...process.env, TMPDIR: work },
  });
  if (status === 0) return;
  const lines = stderr.trim().split('\n').slice(0, 12).join('\n');
  const words = signal === null ? lines : `It was ended by ${signal}. ${lines}`;
  throw new LabError('engine.build-failed/kernels', { compiler, stderr: words });
}
