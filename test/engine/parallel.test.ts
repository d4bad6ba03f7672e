import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runsKernels } from '../../core/devices/processor.ts';
import { findCompiler } from '../../core/install/addon.ts';
import { compilerFlags } from '../../core/install/kernels.ts';
import { temporaryFolder } from '../data/support.ts';

const skip = !runsKernels().norms && 'NOT TESTED: this processor has no AVX-512 with bfloat16';
const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

test('the threads of kernels stay usable after a part fails', { skip }, async (t) => {
  const program = join(await temporaryFolder(t), 'parallel');
  const sources = ['parallel.cc', '../../core/engine/kernels/parallel.cc'].map(path);
  execFileSync(findCompiler(), [...compilerFlags, '-Werror', ...sources, '-o', program, '-ldl']);

  /** Runs one case. Returns what the program printed; fails where it crashed or never ended. */
  const run = (name: string, threads: number): string => {
    const { status, signal, stdout, stderr } = spawnSync(program, [name], {
      ...{ encoding: 'utf8', timeout: 120_000, killSignal: 'SIGKILL' },
      env: { ...process.env, TF_NUM_INTRAOP_THREADS: `${threads}` },
    });
    assert.equal(signal ?? status, 0, `${name}, ${threads} threads: ${stderr}`);
    return stdout;
  };

  await t.test('an exception on another thread becomes the error of the call', () => {
    assert.equal(run('helper', 2), 'helper\nusable\n');
  });

  await t.test('an exception on the thread of the caller becomes the error of the call', () => {
    assert.equal(run('caller', 2), 'caller\nusable\n');
  });

  await t.test('the first of many exceptions becomes the error of the call', () => {
    for (const threads of [1, 2, 5]) assert.equal(run('each part', threads), 'part\nusable\n');
  });

  await t.test('memory that cannot be had becomes the error of the call', () => {
    for (const threads of [1, 2]) {
      assert.equal(run('memory', threads), 'std::bad_alloc\nusable\n');
      assert.equal(run('size', threads), 'std::bad_alloc\nusable\n', 'more bytes than a number');
    }
  });

  await t.test('more parts than a call counts become its error', () => {
    assert.equal(run('many parts', 2), 'Too many parts for one call.\nusable\n');
  });

  await t.test('a system without more threads leaves those that began', () => {
    assert.equal(run('few threads', 4), 'no error\nusable\n');
  });
});
