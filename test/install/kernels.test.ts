import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import * as v from 'valibot';
import { kernelWords, runsKernels } from '../../core/devices/processor.ts';
import { syntheticDataset } from '../../core/data/sets/synthetic.ts';
import type { EngineInfo } from '../../core/engine/engine.ts';
import { openEngine } from '../../core/engine/open.ts';
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

const compiledIn = (home: string): string[] => readdirSync(join(home, 'kernels'));

describe('kernels that cannot be used say why and what to do', () => {
  test('without a compiler', async (t) => {
    const { home } = await pretend(t);
    const problem = loadKernels('cpu', home)!;
    assert.equal(problem.code, 'engine.no-compiler');
    assert.match(problem.message, /kernels for bfloat16/);
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
    tools.add(
      'c++',
      `const out = process.argv.indexOf('-o');
       if (out > 0) require('fs').writeFileSync(process.argv[out + 1], 'no library');`,
    );
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
  test('are compiled and load where a compiler works', async (t) => {
    const home = await temporaryFolder(t);
    assert.equal(checkKernels('cpu', home), null);
    assert.equal(compiledIn(home).length, 1);
  });

  test('are named by an engine in both precisions', async () => {
    const engine = await openEngine({
      ...{ engine: 'tensorflow', threads: 1 },
      computation: { precision: 'bfloat16' },
    });
    assert.equal(engine.info.kernels, kernelWords(possible));
    assert.equal(engine.info.note, undefined);
    const other = await openEngine({ engine: 'tensorflow', threads: 1 });
    assert.equal(other.info.kernels, 'KTG Lab (norms, convolutions)');
    assert.equal(other.info.note, undefined);
  });
});

test('the words of kernels name those that are used', () => {
  assert.equal(kernelWords({ norms: true, tiles: true }), 'KTG Lab (norms, tiles)');
  assert.equal(kernelWords({ norms: true, tiles: false }), 'KTG Lab (norms)');
  assert.equal(kernelWords({ norms: false, tiles: false }), 'TensorFlow');
});

test('an environment names its kernels, and older records without them stay valid', () => {
  const dataset = syntheticDataset({ train: 10, test: 10, classes: 2 });
  const info: EngineInfo = { name: 'tensorflow', version: 'TensorFlow 2', device: 'CPU' };
  const without = environmentOf(info, dataset);
  assert.deepEqual(v.parse(environmentSchema, without), without);
  assert.ok(!('kernels' in without));
  const named = environmentOf({ ...info, kernels: 'TensorFlow' }, dataset);
  assert.deepEqual(v.parse(environmentSchema, named), { ...without, kernels: 'TensorFlow' });
});
