import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { findCompiler } from '../../core/install/addon.ts';
import { checkKernels, loadKernels } from '../../core/install/kernels.ts';
import { libraryStatus } from '../../core/install/library-status.ts';
import { temporaryFolder } from '../data/support.ts';
import { PretendedTools } from './tiny-library.ts';

const skip = libraryStatus('cpu').state !== 'ready' && 'NOT TESTED: TensorFlow is not installed';

/** A home with kernels of a pretended compiler, which counts its calls until the test ends. */
async function compiledOnce(t: TestContext) {
  const folder = await temporaryFolder(t);
  const home = join(folder, 'home');
  const tools = new PretendedTools(join(folder, 'tools'));
  t.after(() => {
    tools.restore();
  });
  tools.addCountedCompiler();
  tools.use();
  assert.equal(checkKernels('cpu', home), null);
  const kernels = join(home, 'kernels');
  const [name] = readdirSync(kernels).filter((each) => each.endsWith('.node'));
  return { home, tools, kernels, file: join(kernels, name!) };
}

describe('compiled kernels are loaded only where they are what was compiled', { skip }, () => {
  test('a second start compiles nothing', async (t) => {
    const { home, tools } = await compiledOnce(t);
    assert.equal(checkKernels('cpu', home), null);
    assert.equal(loadKernels('cpu', home), null);
    assert.equal(tools.compilations(), 1);
  });

  const changes: Record<string, (at: { file: string; kernels: string }) => void> = {
    'a file that was cut short': ({ file }) => truncateSync(file, statSync(file).size >> 1),
    'an empty file': ({ file }) => truncateSync(file),
    'a file with other bytes': ({ file }) => {
      const bytes = readFileSync(file);
      bytes[bytes.length >> 1]! ^= 1;
      writeFileSync(file, bytes);
    },
    'a file without the hash beside it': ({ file }) => rmSync(`${file}.sha256`),
    'a file that others can write': ({ file }) => chmodSync(file, 0o707),
    'a hash that others can write': ({ file }) => chmodSync(`${file}.sha256`, 0o707),
    'a folder that its group can write': ({ kernels }) => chmodSync(kernels, 0o770),
    'a folder that others can write': ({ kernels }) => {
      chmodSync(kernels, 0o777);
      writeFileSync(join(kernels, 'theirs.node'), 'hostile');
    },
  };
  for (const [what, change] of Object.entries(changes))
    test(`${what} is compiled anew`, async (t) => {
      const made = await compiledOnce(t);
      const before = readFileSync(made.file);
      change(made);
      assert.equal(loadKernels('cpu', made.home), null);
      assert.equal(made.tools.compilations(), 2);
      assert.deepEqual(readFileSync(made.file), before);
      assert.equal(statSync(made.kernels).mode & 0o777, 0o700);
      const name = made.file.slice(made.kernels.length + 1);
      assert.deepEqual(readdirSync(made.kernels).sort(), [name, `${name}.sha256`]);
      assert.equal(checkKernels('cpu', made.home), null);
      assert.equal(made.tools.compilations(), 2);
    });

  test('nothing is loaded from a home that others can write', async (t) => {
    const { home, tools } = await compiledOnce(t);
    chmodSync(home, 0o777);
    const problem = loadKernels('cpu', home)!;
    assert.equal(problem.code, 'engine.cache-not-private');
    assert.ok(problem.message.includes(home), problem.message);
    assert.match(problem.next, /chmod go-w/);
    assert.equal(tools.compilations(), 1);
    chmodSync(home, 0o700);
    assert.equal(loadKernels('cpu', home), null);
  });

  test('what a killed compiler left is removed by the next one', async (t) => {
    const { home, tools, kernels, file } = await compiledOnce(t);
    rmSync(file);
    tools.add(
      'c++',
      `const out = process.argv.indexOf('-o');
       if (out < 0) process.exit(0);
       const fs = require('fs');
       fs.writeFileSync(process.argv[out + 1], 'half');
       fs.writeFileSync(require('path').join(process.env.TMPDIR, 'cc1.o'), 'half');
       process.kill(process.ppid, 'SIGKILL');`,
    );
    const source = `
      import { checkKernels } from ${JSON.stringify(import.meta.resolve('../../core/install/kernels.ts'))};
      checkKernels('cpu', ${JSON.stringify(home)});`;
    const { signal } = spawnSync(process.execPath, ['--input-type=module', '-e', source]);
    assert.equal(signal, 'SIGKILL');
    assert.ok(!existsSync(file));
    assert.equal(readdirSync(kernels).length, 2, 'its folder and the hash of before');
    writeFileSync(`${file}.4711`, 'left by an earlier version');
    tools.addCountedCompiler();
    assert.equal(checkKernels('cpu', home), null);
    const name = file.slice(kernels.length + 1);
    assert.deepEqual(readdirSync(kernels).sort(), [name, `${name}.sha256`]);
  });

  test('a library that ends its process is named, and leaves this one and no file', async (t) => {
    const compiler = findCompiler();
    const { home, tools, kernels, file } = await compiledOnce(t);
    appendFileSync(file, 'odd');
    const hostile = join(home, 'hostile.cc');
    writeFileSync(
      hostile,
      '#include <csignal>\n__attribute__((constructor)) void f() { raise(SIGSEGV); }\n',
    );
    tools.addStrictCompiler(compiler, hostile);
    const problem = loadKernels('cpu', home)!;
    assert.equal(problem.code, 'engine.does-not-load');
    assert.match(problem.message, /ended by SIGSEGV/);
    assert.ok(!readdirSync(kernels).some((name) => name.startsWith('ktg-')));
  });
});
