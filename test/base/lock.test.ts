import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { withLock } from '../../core/base/lock.js';
import { temporaryFolder } from '../data/support.ts';

const module = new URL('../../core/base/lock.js', import.meta.url).href;

/** A process that runs `work` (JavaScript) inside the lock. */
const holder = (lock: string, work: string) =>
  spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { withLock } from ${JSON.stringify(module)};
       import { appendFileSync } from 'node:fs';
       import { setTimeout as sleep } from 'node:timers/promises';
       await withLock(process.argv[1], async () => { ${work} });`,
      lock,
    ],
    { stdio: 'inherit' },
  );

/** A process id that is surely free: of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'close');
  return child.pid!;
}

describe('a lock', () => {
  test('has one holder at a time across processes', async (t) => {
    const folder = await temporaryFolder(t);
    const log = join(folder, 'log');
    const work = `appendFileSync(${JSON.stringify(log)}, 'in '); await sleep(30); appendFileSync(${JSON.stringify(log)}, 'out ');`;
    const children = Array.from({ length: 4 }, () => holder(join(folder, 'lock'), work));
    await Promise.all(children.map((child) => once(child, 'close')));
    assert.equal(readFileSync(log, 'utf8'), 'in out '.repeat(4));
    assert.deepEqual(readdirSync(folder), ['log']);
  });

  test('returns the result of the work and is released when the work fails', async (t) => {
    const path = join(await temporaryFolder(t), 'a', 'lock');
    assert.equal(await withLock(path, () => Promise.resolve(7)), 7);
    await assert.rejects(
      withLock(path, () => Promise.reject(new Error('no'))),
      /no/,
    );
    assert.equal(existsSync(path), false);
  });

  test('reports its holder once', async (t) => {
    const folder = await temporaryFolder(t);
    const lock = join(folder, 'lock');
    const child = holder(
      lock,
      `while (!(await import('node:fs')).existsSync(${JSON.stringify(join(folder, 'go'))})) await sleep(20);`,
    );
    while (!existsSync(lock)) await sleep(10);
    const told: number[] = [];
    await withLock(lock, () => Promise.resolve(), {
      onWait: (pid) => {
        told.push(pid);
        writeFileSync(join(folder, 'go'), '');
      },
    });
    assert.deepEqual(told, [child.pid]);
  });

  test('of a killed process passes to exactly one waiting process', async (t) => {
    const folder = await temporaryFolder(t);
    const lock = join(folder, 'lock');
    const child = holder(lock, 'await sleep(1e6)');
    // Its own file is gone again.
    while (!existsSync(lock) || readdirSync(folder).length > 1) await sleep(10);
    child.kill('SIGKILL');
    await once(child, 'close');
    let inside = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await sleep(10);
      inside--;
    };
    await Promise.all(Array.from({ length: 5 }, () => withLock(lock, work)));
    assert.equal(most, 1);
    assert.deepEqual(readdirSync(folder), []);
  });

  test('of another machine is valid while its heartbeat is fresh, whatever its process id', async (t) => {
    const folder = await temporaryFolder(t);
    const lock = join(folder, 'lock');
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      lock,
      JSON.stringify({ pid: await deadPid(), host: `not-${hostname()}`, id: 'far' }),
    );
    const waited = withLock(lock, () => Promise.resolve('mine'), {
      onWait: () => {
        const longAgo = new Date(Date.now() - 600_000);
        utimesSync(lock, longAgo, longAgo); // its machine fell silent
      },
    });
    assert.equal(await waited, 'mine');
  });

  test('can be aborted while waiting', async (t) => {
    const lock = join(await temporaryFolder(t), 'lock');
    await withLock(lock, async () => {
      const controller = new AbortController();
      const waiting = withLock(lock, () => Promise.resolve(), {
        signal: controller.signal,
        onWait: () => {
          controller.abort();
        },
      });
      await assert.rejects(waiting, { name: 'AbortError' });
    });
  });
});
