// node build/shell.js: bundles Electron's code and the programs that the lab starts, into
// dist/electron. Needs the pinned Node, for Vite.
import { copyFileSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { checkout } from './runtime.js';

const here = (/** @type {string} */ path) => join(checkout, path);
const folder = here('dist/electron');

/** The app's main program: one file in the archive, the only place where Electron runs it. */
const main = here('electron/main.ts');

/** Programs that are started by name beside the main program: a slot's process, and threads. */
const programs = {
  worker: here('core/workers/worker.ts'),
  'measure-worker': here('core/workers/measure-worker.ts'),
  'teacher-program': here('core/workers/teacher-program.ts'),
  'export-thread': here('core/workers/export-thread.ts'),
  'checkpointer-thread': here('core/store/file/checkpointer-thread.ts'),
  'background-thread': here('core/store/file/background-thread.ts'),
  'look-program': here('core/lab/look-program.ts'),
  'effects-thread': here('core/lab/effects-thread.ts'),
};

/** Packages loaded at run time: they hold native code, WASM or sources for a compiler. */
const external = ['electron', 'better-sqlite3', 'sharp', /^@tensorflow\//, 'node-api-headers'];

/**
 * Replaces `new URL('./worker.ts', import.meta.url)` in the sources with worker.js beside the
 * bundle. Bundles are two folders below the root, like the sources that look for package.json.
 * @type {import('vite').Plugin}
 */
const programNames = {
  name: 'program-names',
  enforce: 'pre', // on the sources as they are written
  transform(code, id) {
    if (!id.startsWith(here('core'))) return null;
    const named = /new URL\('\.\/([\w-]+)\.ts', import\.meta\.url\)/g;
    if (!named.test(code)) return null;
    return code.replace(named, (_whole, name) => {
      if (!(name in programs))
        throw new Error(`${id} starts ${name}.ts, which is no program of build/shell.js.`);
      return `new URL('./${name}.js', import.meta.url)`;
    });
  },
};

/** Bundles everything in some seconds. */
export async function bundleShell() {
  await bundle({ main }, { codeSplitting: false }, true);
  await bundle(programs, { chunkFileNames: '[name]-[hash].js' });
  await bundle(
    { preload: here('electron/preload.ts') },
    // Sandboxed preload scripts must be CommonJS.
    { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
  );
  copyFileSync(here('build/icons/512x512.png'), join(folder, 'icon.png'));
  // Compiled on the user's machine (core/install/kernels.ts).
  cpSync(here('core/engine/kernels'), here('dist/engine/kernels'), { recursive: true });
}

/**
 * @param {Record<string, string>} input files by the names of their bundles
 * @param {import('vite').Rolldown.OutputOptions} output
 */
async function bundle(input, output, emptyOutDir = false) {
  await build({
    configFile: false,
    root: checkout,
    logLevel: 'warn',
    publicDir: false,
    plugins: [programNames],
    ssr: { noExternal: true, target: 'node' },
    build: {
      ssr: true,
      outDir: folder,
      emptyOutDir,
      target: 'node24',
      minify: false,
      rolldownOptions: {
        input,
        external,
        output: { format: 'es', entryFileNames: '[name].js', ...output },
      },
    },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleShell();
