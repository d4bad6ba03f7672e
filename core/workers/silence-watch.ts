import { inBackground } from '../base/in-background.ts';
import type { Progress } from '../search/runner.ts';

/** Milliseconds between two checks of a worker that is silent. */
const CHECK_INTERVAL = 2000;
/** Milliseconds for which a worker may compile, load data or evaluate without a message. */
const BLOCKED_TIMEOUT = 15 * 60_000;

/** Whether the lab gives a sign of life in place of a silent worker. */
export type SilenceDecision =
  | { do: 'vouch'; reason: 'blocked' }
  /** `may-speak`: the worker trains, and silence means that it hangs. */
  | { do: 'wait'; reason: 'may-speak' | 'silent-too-long' | 'idle' };

/**
 * Decides about a silent worker. Compiling, loading and evaluating block its process: it announced
 * them before, and it is alive as long as its process computes. Pure.
 *
 * @param silent milliseconds since its last message
 * @param isAtWork its process has used its processor since the last check
 */
export function aboutSilence(
  { step, steps }: Pick<Progress, 'step' | 'steps'>,
  silent: number,
  isAtWork: boolean,
): SilenceDecision {
  const isBlocked = steps === 0 || step === steps;
  if (!isBlocked) return { do: 'wait', reason: 'may-speak' };
  if (silent >= BLOCKED_TIMEOUT) return { do: 'wait', reason: 'silent-too-long' };
  return isAtWork ? { do: 'vouch', reason: 'blocked' } : { do: 'wait', reason: 'idle' };
}

export interface SilenceWatchOptions {
  /** The first progress, until the worker reports its own. */
  progress: Progress;
  /** Whether its process has used its processor since this was last asked. */
  isAtWork: () => Promise<boolean>;
  /** Gets the last progress again, with the seconds of compiling brought up to date. */
  vouch: (progress: Progress) => void;
}

/** Gives signs of life for a worker whose process is blocked and computes. */
export class SilenceWatch {
  readonly #options: SilenceWatchOptions;
  readonly #checks: NodeJS.Timeout;
  #progress: Progress;
  #heardAt = performance.now();
  #closed = false;

  constructor(options: SilenceWatchOptions) {
    this.#options = options;
    this.#progress = options.progress;
    this.#checks = setInterval(() => inBackground(this.#check()), CHECK_INTERVAL);
  }

  /** The last progress that the worker reported. */
  get progress(): Progress {
    return this.#progress;
  }

  /** Notes a message of the worker. */
  heard(): void {
    this.#heardAt = performance.now();
  }

  reported(progress: Progress): void {
    this.#progress = progress;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#checks);
  }

  async #check(): Promise<void> {
    const silent = (): number => performance.now() - this.#heardAt;
    // Reading the processor time starts a new count: only a blocked worker is asked.
    if (aboutSilence(this.#progress, silent(), true).do !== 'vouch') return;
    const isAtWork = await this.#options.isAtWork();
    if (this.#closed || aboutSilence(this.#progress, silent(), isAtWork).do !== 'vouch') return;
    const { compiling } = this.#progress;
    this.#options.vouch({
      ...this.#progress,
      compiling: compiling === null ? null : compiling + silent() / 1000,
    });
  }
}
