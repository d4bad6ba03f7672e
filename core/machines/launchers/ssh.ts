import { type ChildProcess, spawn } from 'node:child_process';
import { LabError } from '../../base/errors.ts';
import { inBackground } from '../../base/in-background.ts';
import { quoted } from './quoted.ts';
import { type RunOptions, endOf, lastLine, runProgram } from './run-program.ts';

/**
 * Options of every call: no questions, since nobody could answer, and a connection that notices
 * when it is cut. Everything else (keys, jump hosts, aliases) is the user's own configuration.
 */
const options = [
  ...['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=15'],
  ...['-o', 'ServerAliveInterval=5', '-o', 'ServerAliveCountMax=3'],
];

interface SshOptions extends RunOptions {
  /** More options of ssh, such as a forwarded port. */
  flags?: readonly string[];
}

/**
 * Runs a script of a POSIX shell on a host and returns its output. The script is an argument and
 * may be seen by other users of the host; secrets go through `input`.
 *
 * @throws LabError `machines.ssh-failed` with ssh's or the script's last words
 */
export async function runOnHost(
  host: string,
  script: string,
  { flags = [], ...rest }: SshOptions = {},
): Promise<{ output: string; complaints: string }> {
  const args = [...options, ...flags, '--', host, `/bin/sh -c ${quoted(script)}`];
  const { output, complaints, failure } = await runProgram('ssh', args, rest);
  if (failure !== null)
    throw new LabError('machines.ssh-failed', {
      host,
      words: lastLine(complaints) || lastLine(output) || failure,
    });
  return { output, complaints };
}

/** Milliseconds before a tunnel that ended is made again; the last one repeats. */
const tunnelDelays = [500, 1_000, 2_000, 5_000, 10_000] as const;
const steadyMs = 30_000;

/** A port of a host that leads to a port of this machine, made again whenever it ends. */
export class Tunnel {
  readonly #host: string;
  readonly #forward: string;
  readonly #changed: () => void;
  readonly #script: string | null;
  #child: ChildProcess | null = null;
  #timer: NodeJS.Timeout | null = null;
  #ends = 0;
  #closed = false;
  #words = '';

  /**
   * @param at address and port on the host
   * @param script of a POSIX shell that runs on the host while the tunnel is up
   */
  constructor(
    host: string,
    at: string,
    localPort: number,
    changed: () => void,
    script: string | null = null,
  ) {
    this.#script = script;
    this.#host = host;
    this.#forward = `${at}:127.0.0.1:${localPort}`;
    this.#changed = changed;
    this.#open();
  }

  /** Why it is down; null while it is up or dialling for the first time. */
  get problem(): LabError | null {
    return this.#words === ''
      ? null
      : new LabError('machines.tunnel-down', { host: this.#host, words: this.#words });
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    const child = this.#child;
    if (!child) return;
    const gone = new Promise((resolve) => child.once('close', resolve));
    child.kill();
    await gone;
  }

  #open(): void {
    const began = performance.now();
    const child = spawn(
      'ssh',
      [
        ...[...options, '-T', '-o', 'ExitOnForwardFailure=yes', '-R', this.#forward],
        ...(this.#script === null
          ? ['-N', '--', this.#host]
          : ['--', this.#host, `/bin/sh -c ${quoted(this.#script)}`]),
      ],
      // The script reads its standard input, to end with the tunnel.
      { stdio: ['pipe', 'ignore', 'pipe'] },
    );
    this.#child = child;
    let words = '';
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (chunk: string) => (words = `${words}${chunk}`.slice(-2000)));
    const up = setTimeout(() => {
      this.#words = '';
      this.#changed();
    }, 3_000);
    inBackground(
      endOf(child).then((failure) => {
        clearTimeout(up);
        this.#child = null;
        if (this.#closed) return;
        this.#words = lastLine(words) || failure || 'the connection ended';
        if (performance.now() - began > steadyMs) this.#ends = 0;
        const delay = tunnelDelays[Math.min(this.#ends++, tunnelDelays.length - 1)];
        this.#timer = setTimeout(() => {
          this.#open();
        }, delay);
        this.#changed();
      }),
    );
  }
}
