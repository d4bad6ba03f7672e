import { onceATurn } from './once-a-turn.ts';

/** Owner of timers, turns and listeners: none of them outlives its end. */
export class Lifetime {
  readonly #endings = new Set<() => void>();
  #isOver = false;

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Runs the work after some milliseconds, unless it is cancelled or the lifetime ends before. */
  after(
    milliseconds: number,
    work: () => void,
    { keepsProcess = false }: { keepsProcess?: boolean } = {},
  ): { cancel: () => void } {
    if (this.#isOver) return { cancel: () => undefined };
    const timer = setTimeout(() => {
      this.#endings.delete(cancel);
      work();
    }, milliseconds);
    if (!keepsProcess) timer.unref();
    const cancel = (): void => {
      clearTimeout(timer);
      this.#endings.delete(cancel);
    };
    this.#endings.add(cancel);
    return { cancel };
  }

  /** Runs the work at regular times; the timer does not keep the process alive unless asked to. */
  every(milliseconds: number, work: () => void): NodeJS.Timeout {
    const timer = setInterval(work, milliseconds).unref();
    this.atEnd(() => {
      clearInterval(timer);
    });
    return timer;
  }

  /** As `onceATurn`. */
  onceATurn(work: () => void): () => void {
    return onceATurn(() => {
      if (!this.#isOver) work();
    });
  }

  /** Runs the work when the lifetime ends; at once when it has ended. */
  atEnd(work: () => void): void {
    if (this.#isOver) work();
    else this.#endings.add(work);
  }

  /** Idempotent. */
  end(): void {
    this.#isOver = true;
    for (const work of [...this.#endings]) work();
    this.#endings.clear();
  }
}
