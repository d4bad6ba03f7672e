import assert from 'node:assert/strict';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Lets a lab in a process of its own work for some milliseconds after its first output, and kills
 * it; `Infinity` lets it end by itself. Returns whether it came to its end.
 */
export async function livedFor(
  child: ChildProcessByStdio<null, Readable, null>,
  milliseconds: number,
): Promise<boolean> {
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  await Promise.race([once(child.stdout, 'data'), ended]);
  if (milliseconds < Infinity) {
    // The timer of a lab that ends before must not keep this process.
    await Promise.race([sleep(milliseconds, undefined, { ref: false }), ended]);
    child.kill('SIGKILL');
  }
  const [code, signal] = await ended;
  assert.ok(code === 0 || signal === 'SIGKILL', `the lab ended with ${code ?? signal}`);
  return code === 0;
}
