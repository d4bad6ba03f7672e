import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { ProcessorWatch, parsePsTime } from '../../core/workers/processor-watch.ts';

const WAIT = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)';

/** A program of Node that has said a line. */
async function started(script: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

/** Settles when a process has used its processor, however busy the machine is. */
async function atWork(watch: ProcessorWatch): Promise<void> {
  while (!(await watch.isAtWork())) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe('a watch over a process', { skip: process.platform === 'win32' }, () => {
  test('tells one that computes from one that waits', async () => {
    const spins = await started('console.log(1); for (;;);');
    const waits = await started(`console.log(1); ${WAIT}`);
    try {
      const [busy, idle] = [new ProcessorWatch(spins.pid!), new ProcessorWatch(waits.pid!)];
      assert.equal(await idle.isAtWork(), true, 'it has started since it was never asked');
      for (let i = 0; i < 5; i++) await atWork(busy);
      await idle.isAtWork(); // it may have been on its way to its wait when it was first asked
      for (let i = 0; i < 5; i++) await atWork(busy);
      assert.equal(await idle.isAtWork(), false);
    } finally {
      for (const each of [spins, waits]) each.kill('SIGKILL');
    }
  });

  test(
    'one that waits for a child that computes is at work',
    { skip: process.platform !== 'linux' },
    async () => {
      const spin = `process.stdin.on('end', () => process.exit()).resume(); setInterval(() => { for (const end = Date.now() + 40; Date.now() < end;); }, 50)`;
      const parent = await started(
        `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(spin)}], { stdio: 'pipe' });
       setTimeout(() => { console.log(1); ${WAIT} }, 200)`,
      );
      try {
        const watch = new ProcessorWatch(parent.pid!);
        for (let i = 0; i < 5; i++) await atWork(watch);
      } finally {
        parent.kill('SIGKILL'); // which ends its child: the pipe closes
      }
    },
  );

  test('an ended worker is not called idle: its end is reported separately', async () => {
    const ended = spawn(process.execPath, ['-e', '']);
    await once(ended, 'close');
    const watch = new ProcessorWatch(ended.pid!);
    assert.deepEqual([await watch.isAtWork(), await watch.isAtWork()], [true, true]);
  });
});

test('times of ps are read with days, hours and fractions of seconds', () => {
  assert.equal(parsePsTime(' 0:01.25\n'), 1250);
  assert.equal(parsePsTime('01:02:03'), 3_723_000);
  assert.equal(parsePsTime('2-03:00:01'), 183_601_000);
  assert.equal(parsePsTime(''), null);
});
