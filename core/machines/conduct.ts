import { MAX_MESSAGES_A_SECOND, MAX_PULLS_A_SECOND } from './messages.ts';

/** Looks for which a machine that misbehaves is cut off. */
const CUT_TIME = 60;
/** Messages that are not allowed, after which a machine is cut off. */
const MAX_BAD = 20;

/** How a machine keeps the rules; one that does not is cut off for a while. */
export class Conduct {
  #messages = 0;
  #pulls = 0;
  #bad = 0;
  #cut = 0;

  get isCutOff(): boolean {
    return this.#cut > 0;
  }

  /** Counts a message. Returns the limit that it breaks; null for none. */
  heard(isPull: boolean): number | null {
    const [count, limit] = isPull
      ? [++this.#pulls, MAX_PULLS_A_SECOND]
      : [++this.#messages, MAX_MESSAGES_A_SECOND];
    return count > limit ? limit : null;
  }

  /** Counts a message that is not allowed. Returns true when they are too many. */
  misbehaved(): boolean {
    return ++this.#bad > MAX_BAD;
  }

  cutOff(): void {
    this.#cut = CUT_TIME;
    this.#bad = 0;
  }

  /** Called once a second. Returns true when the machine may come in again. */
  look(): boolean {
    this.#messages = 0;
    this.#pulls = 0;
    return this.#cut > 0 && --this.#cut === 0;
  }
}
