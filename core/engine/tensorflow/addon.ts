import { execFile, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { LabError } from '../../base/errors.ts';

const run = promisify(execFile);
const require = createRequire(import.meta.url);

const bindingPackage = '@tensorflow/tfjs-node-gpu';

/** File name of the compiled addon in a library folder. */
export const addonFile = 'tfjs_binding.node';

/** Version of the package whose sources the addon is built from. */
export const addonVersion = (): string =>
  (require(`${bindingPackage}/package.json`) as { version: string }).version;

/** The first C++ compiler on PATH. @throws LabError `engine.no-compiler` */
export function findCompiler(): string {
  const found = ['c++', 'g++', 'clang++'].find((name) => spawnSync(name, ['--version']).status === 0);
  if (found) return found;
  throw new LabError(
    'engine.no-compiler',
    'The connection to TensorFlow is compiled here, and there is no c++, g++ or clang++ on PATH.',
    'Install a C++ compiler (Debian, Ubuntu: sudo apt install g++; Fedora: sudo dnf install gcc-c++; macOS: xcode-select --install), then run: ktg engine install. Until then the portable engine works, more slowly.',
  );
}

/**
 * Compile the addon of @tensorflow/tfjs-node-gpu against the libraries in `folder`, into `folder`.
 * It looks for them beside itself, so the folder can be moved. Pure Node-API: one file for every Node and Electron.
 * @throws LabError `engine.build-failed` with the compiler's words
 */
export async function buildAddon(
  compiler: string,
  folder: string,
  libraries: readonly string[],
  include: string,
  signal?: AbortSignal,
): Promise<void> {
  const sources = join(dirname(require.resolve(`${bindingPackage}/package.json`)), 'binding');
  const { include_dir: nodeInclude } = require('node-api-headers') as { include_dir: string };
  const mac = process.platform === 'darwin';
  const flags = [
    ...[
      '-std=c++17',
      '-O2',
      '-fPIC',
      '-shared',
      '-w',
      '-DNAPI_VERSION=8',
      `-I${nodeInclude}`,
      `-I${include}`,
    ],
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(sources, name)),
    ...libraries.map((name) => join(folder, name)),
    ...(mac ? ['-undefined', 'dynamic_lookup', '-Wl,-rpath,@loader_path'] : ['-Wl,-rpath,$ORIGIN']),
    ...['-o', join(folder, addonFile)],
  ];
  await run(compiler, flags, { signal }).catch((error: unknown) => {
    signal?.throwIfAborted();
    const { stderr = '' } = error as { stderr?: string };
    throw new LabError(
      'engine.build-failed',
      `${compiler} could not build the connection to TensorFlow:\n${stderr.trim().split('\n').slice(0, 12).join('\n')}`,
      'A compiler with C++17 is needed (GCC 9, Clang 9 or newer). Until then the portable engine works, more slowly.',
      { cause: error },
    );
  });
}

/**
 * Load the addon in a process of its own, as a broken library can end the process that opens it.
 * @throws LabError `engine.does-not-load` with the loader's words
 */
export async function checkAddon(folder: string, signal?: AbortSignal): Promise<void> {
  await run(process.execPath, ['-e', 'require(process.argv[1])', join(folder, addonFile)], {
    signal,
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', TF_CPP_MIN_LOG_LEVEL: '2', NODE_OPTIONS: '' },
  }).catch((error: unknown) => {
    signal?.throwIfAborted();
    const { stderr = '' } = error as { stderr?: string };
    const reason = /^Error: (.*)$/m.exec(stderr)?.[1] ?? stderr.trim().split('\n').at(-1) ?? '';
    throw new LabError(
      'engine.does-not-load',
      `TensorFlow was installed but does not load on this machine: ${reason}`,
      'Its library needs glibc 2.27 or newer (macOS: 12 or newer). The portable engine works here, more slowly (--engine portable).',
      { cause: error },
    );
  });
}
