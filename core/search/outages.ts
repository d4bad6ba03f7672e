import { LabError, problemOf } from '../base/errors.ts';
import type { Lifetime } from '../base/lifetime.ts';
import type { LabProblem } from '../base/problem.ts';

/** Codes of outages that may pass without a person at this lab: it continues by itself then. */
const PASSING = ['store.busy', 'store.disk-full'];
/**
 * Milliseconds until a store that refused changes is tried again; doubled after each failed try.
 */
const FIRST_RETRY = 5000;
const LONGEST_RETRY = 60_000;

/** When a store that refuses changes is tried again. */
export type OutageDecision =
  | { do: 'try-again'; afterMilliseconds: number; reason: 'may-pass' }
  /** Such as a deleted file: the lab continues when a person resumes. */
  | { do: 'wait-for-a-person'; reason: 'does-not-pass' };

/** True of an outage that may pass without a person at this lab. */
export const mayPass = ({ code }: LabProblem): boolean => PASSING.includes(code);

/**
 * When a store is tried again. Pure.
 *
 * @param tries failed ones before, since the last epoch that was recorded
 */
export function decideOutage(problem: LabProblem, tries: number): OutageDecision {
  if (!mayPass(problem)) return { do: 'wait-for-a-person', reason: 'does-not-pass' };
  const afterMilliseconds = Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** tries);
  return { do: 'try-again', afterMilliseconds, reason: 'may-pass' };
}

export interface OutageEvents {
  /** Results can no longer be recorded: all work ends. */
  began(problem: LabProblem): void;
  /** Throws the store's LabError while the store still refuses changes. */
  tryStore(): void;
  /** The store takes changes again: work continues. */
  ended(): void;
}

/** The time in which the store refuses changes: a busy file, a full disk, a lost file. */
export class Outages {
  readonly #events: OutageEvents;
  readonly #lifetime: Lifetime;
  readonly #delayDivisor: number;
  #problem: LabProblem | null = null;
  #tries = 0;

  /** @param lifetime no outage begins, and no store is tried, after it */
  constructor(lifetime: Lifetime, delayDivisor: number, events: OutageEvents) {
    this.#lifetime = lifetime;
    this.#delayDivisor = delayDivisor;
    this.#events = events;
  }

  /** Why nothing can run; null when all is well. */
  get problem(): LabProblem | null {
    return this.#problem;
  }

  /** Begins an outage, unless there is one. Throws an error that is no LabError: a bug. */
  meet(error: unknown): void {
    if (!(error instanceof LabError)) throw error;
    if (this.#problem || this.#lifetime.isOver) return;
    this.#problem = problemOf(error);
    this.#events.began(this.#problem);
    this.#tryAgainLater(this.#problem);
  }

  /** Runs a step of the scheduler; an error of the store begins an outage. */
  watch(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.meet(error);
    }
  }

  /** Notes that the store has taken a report. */
  recorded(): void {
    this.#tries = 0;
  }

  /** Ends the outage, if there is one. Throws what the store throws when it is not over. */
  end(): void {
    if (!this.#problem) return;
    this.#events.tryStore();
    this.#problem = null;
    this.#events.ended();
  }

  #tryAgainLater(problem: LabProblem): void {
    const decision = decideOutage(problem, this.#tries);
    if (decision.do !== 'try-again') return;
    this.#tries++;
    this.#lifetime.after(decision.afterMilliseconds / this.#delayDivisor, () => {
      try {
        this.end();
      } catch (error) {
        if (!(error instanceof LabError)) throw error;
        this.#tryAgainLater(problem);
      }
    });
  }
}
