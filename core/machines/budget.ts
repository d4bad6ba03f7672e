/** Transfers that are waited for most come first. */
export const URGENCIES = ['final', 'stop', 'resume'] as const;
export type Urgency = (typeof URGENCIES)[number];

interface Waiting {
  readonly bytes: number;
  readonly urgency: Urgency;
  readonly begin: () => void;
}

/**
 * Bytes that may be on their way at once over all transfers: the broker cuts a connection off for
 * which more than its `max_pending` waits.
 */
export class Budget {
  #free: number;
  #waiting: Waiting[] = [];

  /** @param bytes at once */
  constructor(bytes: number) {
    this.#free = bytes;
  }

  /**
   * Settles when the bytes may be asked for; equals come in the order of arrival.
   *
   * @returns gives them back; call it once
   */
  async take(bytes: number, urgency: Urgency): Promise<() => void> {
    await new Promise<void>((begin) => {
      const at = this.#waiting.findIndex((each) => rank(each.urgency) > rank(urgency));
      this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, { bytes, urgency, begin });
      this.#admit();
    });
    return this.#giveBack(bytes);
  }

  /** The same when the bytes are free now; else null. */
  tryTake(bytes: number): (() => void) | null {
    if (this.#waiting.length > 0 || bytes > this.#free) return null;
    this.#free -= bytes;
    return this.#giveBack(bytes);
  }

  #giveBack(bytes: number): () => void {
    return () => {
      this.#free += bytes;
      this.#admit();
    };
  }

  #admit(): void {
    for (
      let first = this.#waiting[0];
      first && first.bytes <= this.#free;
      [first] = this.#waiting
    ) {
      this.#waiting.shift();
      this.#free -= first.bytes;
      first.begin();
    }
  }
}

const rank = (urgency: Urgency): number => URGENCIES.indexOf(urgency);
