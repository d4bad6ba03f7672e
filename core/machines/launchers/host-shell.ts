import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LabError } from '../../base/errors.ts';
import { type SshOptions, runOnHost } from './ssh.ts';

/** Runs scripts of a POSIX shell on a host, or on this machine where `host` is null. */
export type HostShell = (
  script: string,
  options?: Pick<SshOptions, 'input' | 'signal'>,
) => Promise<string>;

/** @throws LabError of the shell: `machines.ssh-failed`, `machines.script-failed` */
export const shellOf =
  (host: string | null): HostShell =>
  async (script, options = {}) =>
    host === null ? runHere(script, options) : (await runOnHost(host, script, options)).output;

async function runHere(
  script: string,
  { input, signal }: Pick<SshOptions, 'input' | 'signal'>,
): Promise<string> {
  const child = spawn('/bin/sh', ['-c', script], { ...(signal && { signal }) });
  let output = '';
  let complaints = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => {
      resolve(null);
    });
    child.once('close', resolve);
  });
  const source = typeof input === 'string' ? Readable.from([input]) : input;
  if (source) void pipeline(source, child.stdin).catch(() => undefined);
  else child.stdin.end();
  const code = await ended;
  signal?.throwIfAborted();
  if (code !== 0)
    throw new LabError('machines.script-failed', {
      words: complaints.trim().split('\n').at(-1) ?? `status ${code ?? 1}`,
    });
  return output;
}
