import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import * as v from 'valibot';
import { kernelsFor, kernelWords, runsKernels } from '../../core/devices/processor.ts';
import { syntheticDataset } from '../../core/data/sets/synthetic.ts';
import type { EngineInfo } from '../../core/engine/engine.ts';
import { openEngine, type EngineChoice } from '../../core/engine/open.ts';
import { engineFolder, engineHome } from '../../core/install/engine-home.ts';
import { findCompiler } from '../../core/install/addon.ts';
import { checkKernels, loadKernels } from '../../core/install/kernels.ts';
import { libraryStatus } from '../../core/install/library-status.ts';
import { environmentSchema } from '../../core/study/environment.ts';
import { environmentOf } from '../../core/train/environment.ts';
import { temporaryFolder } from '../data/support.ts';
import { PretendedTools } from './tiny-library.ts';

const possible = runsKernels();
const skipRun =
  (!possible.norms && 'NOT TESTED: this processor has no AVX-512 with bfloat16') ||
  (libraryStatus('cpu').state !== 'ready' && 'NOT TESTED: TensorFlow is not installed');

/** Makes a home, and tools that alone are found until the test ends. */
async function pretend(t: TestContext): Promise<{ home: string; tools: PretendedTools }> {
  const folder = await temporaryFolder(t);
  const tools = new PretendedTools(join(folder, 'tools'));
  t.after(() => {
    tools.restore();
  });
  tools.use();
  return { home: join(folder, 'home'), tools };
}

/** Adds a compiler whose files do not load. */
const addUselessCompiler = (tools: PretendedTools): void => {
  tools.add(
    'c++',
    `const out = process.argv.indexOf('-o');
     if (out > 0) require('fs').writeFileSync(process.argv[out + 1], 'no library');`,
  );
};

const compiledIn = (home: string): string[] => readdirSync(join(home, 'kernels'));

describe('kernels that cannot be used say why and what to do', () => {
  test('without a compiler', async (t) => {
    const { home } = await pretend(t);
    const problem = loadKernels('cpu', home)!;
    assert.equal(problem.code, 'engine.no-compiler');
    assert.match(problem.message, /kernels of this lab/);
    assert.match(problem.next, /Install a C\+\+ compiler/);
    assert.equal(checkKernels('cpu', home)?.message, problem.message);
    assert.ok(!existsSync(join(home, 'kernels')));
  });

  test('with a compiler that fails', async (t) => {
    const { home, tools } = await pretend(t);
    tools.add(
      'c++',
      `if (process.argv[2] !== '--version') { console.error('no AMX'); process.exit(1); }`,
    );
    const problem = loadKernels('cpu', home)!;
    assert.equal(problem.code, 'engine.build-failed');
    assert.match(problem.message, /no AMX/);
    assert.match(problem.next, /GCC 11/);
    assert.deepEqual(compiledIn(home), []);
  });

  test('with a file that does not load', async (t) => {
    const { home, tools } = await pretend(t);
    addUselessCompiler(tools);
    const problem = loadKernels('cpu', home)!;
    assert.equal(problem.code, 'engine.does-not-load');
    assert.ok(problem.next.includes(join(home, 'kernels')), problem.next);
    assert.equal(checkKernels('cpu', home)?.code, 'engine.does-not-load');
  });

  test('with a home that is no folder', async (t) => {
    const { home, tools } = await pretend(t);
    tools.addCompiler();
    writeFileSync(home, '');
    assert.equal(loadKernels('cpu', home)?.code, 'engine.cache-not-writable');
  });
});

describe('kernels of this machine', { skip: skipRun }, () => {
  test('are compiled without a warning and load where a compiler works', async (t) => {
    const compiler = findCompiler();
    const { home, tools } = await pretend(t);
    tools.addStrictCompiler(compiler);
    assert.equal(checkKernels('cpu', home), null);
    assert.equal(compiledIn(home).length, 2, 'the library and its hash');
  });

  test('are named by an engine in both precisions', async () => {
    const engine = await openEngine({
      ...{ engine: 'tensorflow', threads: 1 },
      computation: { precision: 'bfloat16' },
    });
    assert.equal(engine.info.kernels, kernelWords(kernelsFor('bfloat16')));
    assert.equal(engine.info.threads, 1);
    assert.equal(engine.info.note, undefined);
    const other = await openEngine({ engine: 'tensorflow', threads: 1 });
    assert.equal(other.info.kernels, 'KTG Lab (norms, convolutions)');
    assert.equal(other.info.note, undefined);
  });
});

describe('operations at once, which a process decides once', () => {
  const skip = libraryStatus('cpu').state !== 'ready' && 'NOT TESTED: TensorFlow is not installed';

  /** Opens an engine in a process of its own. Returns what its TensorFlow read. */
  function atOnce(choice: Partial<EngineChoice>, variables: Record<string, string> = {}): string {
    const { TF_NUM_INTEROP_THREADS: _1, TF_NUM_INTRAOP_THREADS: _2, ...environment } = process.env;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [
        ...['--input-type=module', '-e'],
        `import { openEngine } from ${JSON.stringify(import.meta.resolve('../../core/engine/open.ts'))};
         await openEngine(${JSON.stringify({ engine: 'tensorflow', ...choice })});
         console.log(process.env.TF_NUM_INTEROP_THREADS);`,
      ],
      { encoding: 'utf8', env: { ...environment, ...variables } },
    );
    assert.match(stdout, /^\d+\n$/, stderr);
    return stdout.trim();
  }

  /** Makes a home with the installed library and without kernels. */
  async function homeWithout(t: TestContext): Promise<{ home: string; tools: PretendedTools }> {
    const installed = engineFolder(engineHome());
    const { home, tools } = await pretend(t);
    mkdirSync(home);
    symlinkSync(installed, engineFolder(home));
    return { home, tools };
  }

  test('are one where our kernels compute', { skip: skipRun }, () => {
    assert.equal(atOnce({ threads: 3 }), '1');
    assert.equal(atOnce({ engine: 'eager' }, { TF_NUM_INTRAOP_THREADS: '3' }), '1', 'of a slot');
    assert.equal(atOnce({ threads: 3 }, { TF_NUM_INTEROP_THREADS: '2' }), '2', "the user's own");
  });

  test('are as many as threads where TensorFlow computes', { skip }, async (t) => {
    assert.equal(atOnce({ threads: 3, computation: { compiler: 'xla' } }), '3');
    const { home, tools } = await homeWithout(t);
    assert.equal(atOnce({ threads: 3 }, { KTG_HOME: home }), '3', 'without a compiler');
    const slot = { KTG_HOME: home, TF_NUM_INTRAOP_THREADS: '3' };
    assert.equal(atOnce({}, slot), '3', 'of a slot without a compiler');
    addUselessCompiler(tools);
    assert.equal(atOnce({ threads: 3 }, { KTG_HOME: home }), '3', 'with a file that does not load');
  });
});

test('the words of kernels name those that are used', () => {
  assert.equal(kernelWords({ norms: true, tiles: true }), 'KTG Lab (norms, tiles)');
  assert.equal(kernelWords({ norms: true, tiles: false }), 'KTG Lab (norms)');
  assert.equal(kernelWords({ norms: false, tiles: false }), 'TensorFlow');
});

test('an environment names its kernels and threads, and older records without them stay valid', () => {
  const dataset = syntheticDataset({ train: 10, test: 10, classes: 2 });
  const info: EngineInfo = { name: 'tensorflow', version: 'TensorFlow 2', device: 'CPU' };
  const without = environmentOf(info, dataset);
  assert.deepEqual(v.parse(environmentSchema, without), without);
  assert.ok(!('kernels' in without) && !('threads' in without));
  const names = { kernels: 'TensorFlow', threads: 2 };
  const named = environmentOf({ ...info, ...names }, dataset);
  assert.deepEqual(v.parse(environmentSchema, named), { ...without, ...names });
});
