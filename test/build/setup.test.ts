import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFolder } from '../data/support.ts';
import { PretendedCheckout } from './checkout.ts';

let checkout: PretendedCheckout;
beforeEach(async (t) => {
  checkout = new PretendedCheckout(await temporaryFolder(t as TestContext));
});

const start = () =>
  spawn(process.execPath, checkout.setup, {
    cwd: checkout.root,
    env: checkout.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });

async function setUp(child = start()): Promise<{ code: number | null; said: string }> {
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}

test('installs packages, the pinned Node and the engine; a second run prints nothing', async () => {
  const first = await setUp();
  assert.equal(first.code, 0, first.said);
  assert.match(first.said, /installing packages: 0 of 2, 0 %.*2 packages installed in .*ready/s);
  assert.equal(checkout.calls(), 'ci rebuild engine');
  assert.deepEqual(await setUp(), { code: 0, said: 'ready\n' });
  assert.equal(checkout.calls(), '');
});

test('repeats only what is missing', async () => {
  await setUp();
  checkout.calls();
  const missing: [string, () => void][] = [
    [
      'ci rebuild',
      () => {
        rmSync(join(checkout.root, 'node_modules'), { recursive: true });
      },
    ],
    [
      'ci rebuild',
      () => {
        checkout.lock('2.0.0');
      },
    ],
    [
      'rebuild',
      () => {
        rmSync(join(checkout.root, 'node_modules/node/bin'), { recursive: true });
      },
    ],
    [
      'engine',
      () => {
        rmSync(join(checkout.root, 'home/manifest.json'));
      },
    ],
  ];
  for (const [calls, remove] of missing) {
    remove();
    const { code, said } = await setUp();
    assert.equal(code, 0, said);
    assert.equal(checkout.calls(), calls);
  }
});

test('packages installed by hand stay', async () => {
  await setUp();
  checkout.calls();
  checkout.lock('3.0.0');
  const installed = join(checkout.root, 'node_modules/.package-lock.json');
  writeFileSync(installed, readFileSync(join(checkout.root, 'package-lock.json')));
  assert.equal((await setUp()).code, 0);
  assert.equal(checkout.calls(), '');
});

test('a failure of npm is shown completely, and the next run repeats it', async () => {
  checkout.mode = 'fail';
  const { code, said } = await setUp();
  assert.equal(code, 1);
  assert.match(said, /npm ci --ignore-scripts failed \(7\):\nnpm error code EXAMPLE/);
  assert.doesNotMatch(said, /^ready$/m);
  checkout.mode = 'ok';
  assert.equal((await setUp()).code, 0);
});

test('killed in the middle of npm: npm ends too, and the next run repairs', async () => {
  checkout.mode = 'hang';
  const child = start();
  const pidFile = join(checkout.root, 'npm.pid');
  while (!existsSync(pidFile) || readFileSync(pidFile, 'utf8') === '') await sleep(20);
  const npm = Number(readFileSync(pidFile, 'utf8'));
  child.kill('SIGKILL');
  while (existsSync(`/proc/${String(npm)}/exe`)) await sleep(20);
  checkout.mode = 'ok';
  const { code, said } = await setUp();
  assert.equal(code, 0, said);
  assert.equal(checkout.calls(), 'ci ci rebuild engine');
  assert.deepEqual(readdirSync(join(checkout.root, '.setup')), ['engine.json']);
});

test('twice at once: one works, the other prints that it waits', async () => {
  const ends = await Promise.all([setUp(), setUp()]);
  assert.deepEqual(
    ends.map(({ code }) => code),
    [0, 0],
  );
  assert.equal(checkout.calls(), 'ci rebuild engine');
  assert.equal(ends.filter(({ said }) => said.includes('Another set-up is running')).length, 1);
});
