import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import { LabError } from '../base/errors.ts';
import { inBackground } from '../base/in-background.ts';
import { brokerName } from './subjects.ts';

/** Milliseconds until a new server answers; one on this machine needs about 20. */
const startMs = 10_000;
/** The same for a server that ends at once: its port may still belong to a server that ends. */
const failMs = 2_000;
const lookMs = 20;
/** Delays before a server that ended is started again; the last one repeats. */
const restartMs = [50, 200, 800] as const;
/** Milliseconds of life after which the next end counts as the first again. */
const steadyMs = 10_000;
const closeMs = 3_000;

/**
 * Starts nats-server and ends it when standard input closes, so that it never outlives the lab,
 * even one that is killed.
 */
const serverWithParent = `
exec 3<&0
"$0" -c "$1" </dev/null 3<&- &
server=$!
(read -r _ <&3; kill "$server") >/dev/null 2>&1 &
watch=$!
wait "$server"
code=$?
kill "$watch" 2>/dev/null
exit "$code"`;

export interface BrokerPlace {
  /** Path of nats-server. */
  program: string;
  config: string;
  pidFile: string;
  log: string;
  /** Where it listens, as this machine dials it. */
  host: string;
  port: number;
  /** Id of the lab, which the server's certificate must name. */
  lab: string;
  /** Certificate (PEM) that the server's must come from. */
  ca: string;
}

/** One nats-server: started again whenever it ends, until `close`. */
export class BrokerProcess {
  readonly #place: BrokerPlace;
  readonly #onRestart: () => void;
  #child: ChildProcess | null = null;
  #closed = false;
  #ends = 0;
  #begun = 0;

  constructor(place: BrokerPlace, onRestart: () => void) {
    this.#place = place;
    this.#onRestart = onRestart;
  }

  /** @throws LabError `machines.broker-does-not-start`, with the server's last words */
  async start(): Promise<void> {
    this.#spawn();
    if (await this.#answers()) return;
    await this.close();
    throw new LabError('machines.broker-does-not-start', {
      place: `${this.#place.host}:${this.#place.port}`,
      words: this.#lastWords(),
      log: this.#place.log,
    });
  }

  /** Process id of the server; null when none runs. */
  get pid(): number | null {
    if (this.#child === null) return null;
    if (process.platform === 'win32') return this.#child.pid ?? null;
    try {
      const pid = Number(readFileSync(this.#place.pidFile, 'utf8'));
      return Number.isInteger(pid) && pid > 1 ? pid : null;
    } catch {
      return null; // not written yet
    }
  }

  /** Makes the server read its configuration again: users that left it lose their connections. */
  reload(): void {
    // Windows has no such signal: the server holds nothing, so a new one does the same.
    if (process.platform === 'win32') this.#child?.kill();
    else if (this.pid !== null) process.kill(this.pid, 'SIGHUP');
  }

  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    if (child === null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const pid = this.pid;
    child.stdin?.end();
    if (process.platform === 'win32') child.kill();
    const late = new AbortController();
    await Promise.race([
      gone,
      delay(closeMs, undefined, { signal: late.signal }).catch(() => undefined),
    ]);
    late.abort();
    if (this.#child === null) return;
    if (pid !== null) process.kill(pid, 'SIGKILL');
    await gone;
  }

  #spawn(): void {
    const { program, config } = this.#place;
    this.#begun = performance.now();
    const child =
      process.platform === 'win32'
        ? spawn(program, ['-c', config], { stdio: ['pipe', 'ignore', 'ignore'] })
        : spawn('/bin/sh', ['-c', serverWithParent, program, config], {
            stdio: ['pipe', 'ignore', 'ignore'],
          });
    this.#child = child;
    child.stdin.on('error', () => undefined); // it ended first
    child.on('error', () => undefined); // its exit follows, or it never answers
    child.once('exit', () => {
      child.stdin.destroy();
      this.#child = null;
      if (!this.#closed) inBackground(this.#again());
    });
  }

  async #again(): Promise<void> {
    if (performance.now() - this.#begun > steadyMs) this.#ends = 0;
    await delay(restartMs[Math.min(this.#ends, restartMs.length - 1)]);
    this.#ends++;
    if (this.#isClosed()) return;
    this.#spawn();
    const child = this.#child;
    if ((await this.#answers()) && this.#child === child) this.#onRestart();
  }

  /** Waits until a server of this lab answers on the port. */
  async #answers(): Promise<boolean> {
    const begun = performance.now();
    for (;;) {
      const limit = this.#ends > 1 ? failMs : startMs;
      if (performance.now() - begun > limit || this.#isClosed()) return false;
      if (await isServedAt(this.#place)) return true;
      await delay(lookMs);
    }
  }

  /** A method, so that the compiler knows that it changes during a wait. */
  #isClosed(): boolean {
    return this.#closed;
  }

  #lastWords(): string {
    try {
      const lines = readFileSync(this.#place.log, 'utf8').trim().split('\n');
      return lines.findLast((line) => /\[(FTL|ERR)\]/.test(line)) ?? lines.at(-1) ?? '';
    } catch {
      return `${this.#place.program} does not start`;
    }
  }
}

/** True when the server of the lab greets a new connection; another program on the port cannot. */
function isServedAt({ host, port, lab, ca }: BrokerPlace): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, ca, servername: brokerName(lab), timeout: 1000 });
    const end = (isServed: boolean) => (): void => {
      socket.destroy();
      resolve(isServed);
    };
    socket.on('error', end(false));
    socket.on('timeout', end(false));
    socket.on('close', end(false));
    socket.on('data', end(true));
  });
}
