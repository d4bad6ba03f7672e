import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { temporaryFolder } from '../data/support.ts';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Starts node and collects what it writes. `onOutput` sees all of it each time more comes. */
async function node(
  args: string[],
  onOutput?: (output: string, kill: (signal: NodeJS.Signals) => void) => void,
) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    onOutput?.(output, (signal) => child.kill(signal));
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, output };
}

test('the launcher runs a TypeScript program under the pinned Node and returns its exit code', async (t) => {
  const program = join(await temporaryFolder(t), 'program.ts');
  writeFileSync(
    program,
    `const args: string[] = process.argv.slice(2); console.log(process.version, args.join(' ')); process.exitCode = 7;`,
  );
  const end = await node([file('../../build/ktg.js'), '--run', program, 'a', '--b']);
  assert.deepEqual(end, { code: 7, signal: null, output: `${process.version} a --b\n` });
});

/** A parent that runs a program as a process of its own, as an older Node does. */
async function parentOf(folder: string, program: string): Promise<string> {
  writeFileSync(join(folder, 'program.js'), program);
  const parent = join(folder, 'parent.mjs');
  const runtime = new URL('../../build/runtime.js', import.meta.url).href;
  writeFileSync(
    parent,
    `import { checkout, runPinned } from ${JSON.stringify(runtime)};
     process.exit(await runPinned(checkout, [${JSON.stringify(join(folder, 'program.js'))}]));`,
  );
  return parent;
}

test('from an older Node: exit code and signals pass through', async (t) => {
  const folder = await temporaryFolder(t);
  assert.equal((await node([await parentOf(folder, 'process.exit(3)')])).code, 3);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const parent = await parentOf(
      folder,
      `process.on('${signal}', () => { console.log('saved'); process.exit(130); });
       setInterval(() => {}, 1000); console.log('started');`,
    );
    const end = await node([parent], (output, kill) => {
      if (output === 'started\n') kill(signal);
    });
    assert.deepEqual(end, { code: 130, signal: null, output: 'started\nsaved\n' });
  }
});

test('from an older Node: a program that is killed by a signal ends its launcher the same way', async (t) => {
  const parent = await parentOf(
    await temporaryFolder(t),
    `process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000);`,
  );
  const { code, signal } = await node([parent]);
  assert.deepEqual({ code, signal }, { code: null, signal: 'SIGTERM' });
});
