import { execFile, spawnSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { LabError } from '../base/errors.ts';
import { nodeProgram, outsideArchive } from '../base/node-program.ts';
import { quietFile, quietSource } from './quiet-opener.ts';

const run = promisify(execFile);
const require = createRequire(import.meta.url);

const bindingPackage = '@tensorflow/tfjs-node-gpu';

/** File name of the compiled addon in a library folder. */
export const addonFile = 'tfjs_binding.node';

/** Raise this when flags or opener change, so that old addons are rebuilt. */
const revision = 2;

/** Returns the version of the addon: the package with its sources, and our revision. */
export const addonVersion = (): string =>
  `${(require(`${bindingPackage}/package.json`) as { version: string }).version}-${String(revision)}`;

/**
 * Returns the first C++ compiler on PATH.
 *
 * @throws LabError `engine.no-compiler`, in words for what it shall compile
 */
export function findCompiler(
  problem: 'engine.no-compiler' | 'engine.no-compiler/kernels' = 'engine.no-compiler',
): string {
  const found = ['c++', 'g++', 'clang++'].find(
    (name) => spawnSync(name, ['--version']).status === 0,
  );
  if (found) return found;
  throw new LabError(problem);
}

/**
 * Compiles the addon of @tensorflow/tfjs-node-gpu against the libraries in `folder`, and the addon
 * that opens them, into `folder`. Both search the libraries beside themselves, so the folder can be
 * moved. Pure Node-API: the same files work under every Node and Electron.
 *
 * @returns the names of the new files
 * @throws LabError `engine.build-failed` with the compiler's output
 */
export async function buildAddon(
  compiler: string,
  folder: string,
  libraries: readonly string[],
  include: string,
  signal?: AbortSignal,
): Promise<string[]> {
  const binding = outsideArchive(
    join(dirname(require.resolve(`${bindingPackage}/package.json`)), 'binding'),
  );
  const rpath =
    process.platform === 'darwin'
      ? ['-undefined', 'dynamic_lookup', '-Wl,-rpath,@loader_path']
      : ['-Wl,-rpath,$ORIGIN'];
  await compile(
    compiler,
    [
      `-I${include}`,
      join(binding, 'tfjs_backend.cc'),
      join(binding, 'tfjs_binding.cc'),
      ...libraries.map((name) => join(folder, name)),
      ...rpath,
      ...['-o', join(folder, addonFile)],
    ],
    signal,
  );
  const quiet = join(folder, 'open_quietly.cc');
  await writeFile(quiet, quietSource);
  await compile(compiler, [quiet, ...rpath, '-ldl', '-o', join(folder, quietFile)], signal);
  await rm(quiet);
  return [addonFile, quietFile];
}

async function compile(
  compiler: string,
  flags: string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const { include_dir: nodeInclude } = require('node-api-headers') as { include_dir: string };
  const common = [
    '-std=c++17',
    '-O2',
    '-fPIC',
    '-shared',
    '-w',
    '-DNAPI_VERSION=8',
    `-I${outsideArchive(nodeInclude)}`,
  ];
  await run(compiler, [...common, ...flags], { signal }).catch((error: unknown) => {
    signal?.throwIfAborted();
    const { stderr = '' } = error as { stderr?: string };
    throw new LabError(
      'engine.build-failed',
      { compiler, stderr: stderr.trim().split('\n').slice(0, 12).join('\n') },
      { cause: error },
    );
  });
}

/**
 * Loads the addon in a separate process, because a broken library can end the process that loads
 * it.
 * @throws LabError `engine.does-not-load` with the loader's output
 */
export async function checkAddon(folder: string, signal?: AbortSignal): Promise<void> {
  await run(nodeProgram(), ['-e', 'require(process.argv[1])', join(folder, addonFile)], {
    signal,
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2', NODE_OPTIONS: '' },
  }).catch((error: unknown) => {
    signal?.throwIfAborted();
    const { stderr = '' } = error as { stderr?: string };
    const reason = /^Error: (.*)$/m.exec(stderr)?.[1] ?? stderr.trim().split('\n').at(-1) ?? '';
    throw new LabError('engine.does-not-load/new', { reason }, { cause: error });
  });
}
