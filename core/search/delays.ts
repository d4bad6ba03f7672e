import type { Lifetime } from '../base/lifetime.ts';

/** Waiting times by key; a key has at most one at a time. */
export class Delays<Key> {
  readonly #timers = new Map<Key, { cancel: () => void }>();
  readonly #lifetime: Lifetime;
  readonly #keepsProcess: boolean;

  /**
   * @param lifetime no delay outlives it
   * @param keepsProcess the process stays alive until the last delay is over
   */
  constructor(lifetime: Lifetime, { keepsProcess }: { keepsProcess: boolean }) {
    this.#lifetime = lifetime;
    this.#keepsProcess = keepsProcess;
  }

  /** Starts a delay, in place of one that the key may have. */
  start(key: Key, milliseconds: number, then: () => void): void {
    this.cancel(key);
    const over = (): void => {
      this.#timers.delete(key);
      then();
    };
    const keepsProcess = this.#keepsProcess;
    this.#timers.set(key, this.#lifetime.after(milliseconds, over, { keepsProcess }));
  }

  has(key: Key): boolean {
    return this.#timers.has(key);
  }

  get size(): number {
    return this.#timers.size;
  }

  keys(): Iterable<Key> {
    return this.#timers.keys();
  }

  cancel(key: Key): void {
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
  }

  /** Cancels all delays. */
  clear(): void {
    for (const key of [...this.#timers.keys()]) this.cancel(key);
  }
}
