import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { whileBlocked } from '../../core/engine/blocked.ts';

const blocked = new URL('../../core/engine/blocked.ts', import.meta.url).href;

test('signal handlers return after the work, also after a failure', async () => {
  const listener = (): void => undefined;
  process.on('SIGHUP', listener);
  try {
    assert.equal(await whileBlocked('working', () => 7), 7);
    await assert.rejects(
      whileBlocked('working', () => {
        throw new Error('no');
      }),
      /no/,
    );
    assert.deepEqual(process.listeners('SIGHUP'), [listener]);
  } finally {
    process.off('SIGHUP', listener);
  }
});

test('a signal ends blocking work at once in spite of a handler', async () => {
  const program = `
    import { whileBlocked } from ${JSON.stringify(blocked)};
    process.on('SIGTERM', () => undefined);
    await whileBlocked('working', () => {
      process.stdout.write('begun');
      for (;;); // as TensorFlow does: no turn of the loop
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  assert.deepEqual([code, signal], [null, 'SIGTERM']);
});
