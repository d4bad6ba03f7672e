import { type ChildProcess, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import type { Readable } from 'node:stream';
import { LabError } from '../base/errors.ts';
import { inBackground } from '../base/in-background.ts';
import { nodeProgram } from '../base/node-program.ts';
import { parseToLab } from './check-messages.ts';
import type { Exit } from './failure.ts';
import { BAD_MESSAGE, badMessage } from './job-order.ts';
import { memoryKills } from './memory-kills.ts';
import { MAX_MESSAGES_A_SECOND } from './messages.ts';
import type { ToLab, ToWorker } from './messages.ts';
import type { CardSharing } from '../devices/mps.ts';
import { type Place, environmentFor } from './placement.ts';
import { ProcessorWatch } from './processor-watch.ts';
import { fromWire, toWire } from './wire.ts';

/** Lines of its output that are kept for the message about its end. */
const KEPT_LINES = 20;
const MAX_LINE = 1000;
/**
 * Milliseconds that a worker gets to end when it is asked to; it hears nothing while it compiles.
 */
const END_TIMEOUT = 3000;
/** Priority of workers, below the screen and the lab; their loss of speed is within the noise. */
const NICENESS = 10;

export interface WorkerEvents {
  message(message: ToLab): void;
  /** A line that it wrote to its output. */
  line(text: string): void;
  /** It broke the contract and is being killed. */
  misbehaved(why: string): void;
  /** Last. */
  exited(exit: Exit): void;
}

/** The lab's end of one worker's process; each message is checked before it continues. */
export class WorkerProcess {
  readonly threads: number;
  readonly pid: number | undefined;
  /** It computes on its card at the same time as others. */
  readonly shares: boolean;
  readonly #sharing: CardSharing | null;
  readonly #child: ChildProcess;
  readonly #events: WorkerEvents;
  readonly #killsBefore = memoryKills();
  readonly #lastWords: string[] = [];
  readonly #gone: Promise<void>;
  readonly #watch: ProcessorWatch | null;
  #second = 0;
  #messages = 0;
  #ignored = false;

  /**
   * @param program of the worker, run under `nodeProgram`
   * @param sharing what it shares its card by; null for a worker that has it alone, or none
   */
  constructor(place: Place, program: string, sharing: CardSharing | null, events: WorkerEvents) {
    this.threads = place.threads;
    this.shares = sharing !== null;
    this.#sharing = sharing;
    this.#events = events;
    // Not `fork`: the desktop app's own refuses, whichever program is asked for, once it cannot be
    // run as Node itself (a fuse).
    this.#child = spawn(nodeProgram(), [program], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...environmentFor(place, sharing?.variables) },
    });
    this.pid = this.#child.pid;
    this.#watch = this.pid === undefined ? null : new ProcessorWatch(this.pid);
    this.#lowerPriority();
    this.#child.on('message', (message) => {
      this.#hear(message);
    });
    for (const output of [this.#child.stdout!, this.#child.stderr!]) this.#listenTo(output);
    this.#gone = new Promise((resolve) => {
      const exited = (code: number | null, signal: string | null): void => {
        const starved = memoryKills() > this.#killsBefore;
        events.exited({ code, signal, lastWords: this.#lastWords, memoryKills: starved });
        resolve();
      };
      this.#child.on('error', (error) => {
        this.#lastWords.push(error.message);
        if (this.#child.pid === undefined) exited(null, null); // it never began
      });
      this.#child.on('close', exited);
    });
  }

  send(message: ToWorker): void {
    // The end of its process tells of a lost worker.
    if (this.#child.connected) this.#child.send(toWire(message), () => undefined);
  }

  /** Asks it to end, so that it gives its card back in order, and kills it when it has not soon. */
  end(): void {
    this.#ignored = true;
    this.send({ type: 'shut-down' });
    const timeout = setTimeout(() => {
      this.kill();
    }, END_TIMEOUT).unref();
    inBackground(
      this.#gone.then(() => {
        clearTimeout(timeout);
      }),
    );
  }

  /** Ends it at once. */
  kill(): void {
    this.#ignored = true;
    const letGo = this.pid === undefined ? undefined : this.#sharing?.letGo(this.pid);
    if (letGo) inBackground(letGo.then(() => this.#child.kill('SIGKILL')));
    else this.#child.kill('SIGKILL');
  }

  /** Whether it has used its processor since this was last asked; true where that is not known. */
  async isAtWork(): Promise<boolean> {
    return (await this.#watch?.isAtWork()) ?? true;
  }

  /** Settles when it has ended. */
  get gone(): Promise<void> {
    return this.#gone;
  }

  #hear(raw: unknown): void {
    if (this.#ignored) return;
    try {
      const message = parseToLab(fromWire(raw));
      if (message.type !== 'chunk' && this.#floods())
        throw badMessage(`it sent more than ${MAX_MESSAGES_A_SECOND} messages in a second`);
      this.#events.message(message);
    } catch (error) {
      if (!(error instanceof LabError) || error.code !== BAD_MESSAGE) throw error;
      this.kill();
      this.#events.misbehaved(error.message);
    }
  }

  #floods(): boolean {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#messages = 0;
    }
    return ++this.#messages > MAX_MESSAGES_A_SECOND;
  }

  #listenTo(output: Readable): void {
    let rest = '';
    output.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!.slice(0, MAX_LINE);
      for (const line of lines) this.#line(line);
    });
    output.on('end', () => {
      this.#line(rest);
    });
  }

  #line(text: string): void {
    const line = text.slice(0, MAX_LINE).trimEnd();
    if (line === '') return;
    this.#lastWords.push(line);
    if (this.#lastWords.length > KEPT_LINES) this.#lastWords.shift();
    this.#events.line(line);
  }

  #lowerPriority(): void {
    try {
      if (this.pid !== undefined) setPriority(this.pid, NICENESS);
    } catch {
      // It has ended already, or this system does not allow it.
    }
  }
}
