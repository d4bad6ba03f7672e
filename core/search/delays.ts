/** Waiting times by key; a key has at most one at a time. */
export class Delays<Key> {
  readonly #timers = new Map<Key, NodeJS.Timeout>();
  readonly #keepsProcess: boolean;

  /** @param keepsProcess the process stays alive until the last delay is over */
  constructor({ keepsProcess }: { keepsProcess: boolean }) {
    this.#keepsProcess = keepsProcess;
  }

  /** Starts a delay, in place of one that the key may have. */
  start(key: Key, milliseconds: number, then: () => void): void {
    this.cancel(key);
    const timer = setTimeout(() => {
      this.#timers.delete(key);
      then();
    }, milliseconds);
    if (!this.#keepsProcess) timer.unref();
    this.#timers.set(key, timer);
  }

  has(key: Key): boolean {
    return this.#timers.has(key);
  }

  keys(): Iterable<Key> {
    return this.#timers.keys();
  }

  cancel(key: Key): void {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
  }

  /** Cancels all delays. */
  clear(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
