import { LabError } from '../../base/errors.ts';
import { type RunOptions, lastLine, runProgram } from './run-program.ts';
import { runOnHost } from './ssh.ts';

/** Runs scripts of a POSIX shell on a host, or on this machine where `host` is null. */
export type HostShell = (script: string, options?: RunOptions) => Promise<string>;

/** @throws LabError of the shell: `machines.ssh-failed`, `machines.script-failed` */
export const shellOf =
  (host: string | null): HostShell =>
  async (script, options = {}) =>
    host === null ? runHere(script, options) : (await runOnHost(host, script, options)).output;

async function runHere(script: string, options: RunOptions): Promise<string> {
  const { output, complaints, failure } = await runProgram('/bin/sh', ['-c', script], options);
  if (failure !== null)
    throw new LabError('machines.script-failed', { words: lastLine(complaints) || failure });
  return output;
}
