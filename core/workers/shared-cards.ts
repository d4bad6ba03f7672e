import { inBackground } from '../base/in-background.ts';
import { type CardSharing, type NoSharing, type Sharing, letsNobodyIn } from '../devices/mps.ts';

/** How workers of one card compute at the same time (CUDA MPS), asked for when it is needed. */
export class SharedCards {
  readonly #ask: (() => Promise<Sharing>) | undefined;
  #sharing: Sharing | null = null;
  #asking: Promise<void> | null = null;
  /** A worker has got to its card under this sharing. */
  #works = false;

  /** @param ask begins the sharing; without it workers take turns */
  constructor(ask?: () => Promise<Sharing>) {
    this.#ask = ask;
  }

  /** Asks for the sharing once, when a card first has several slots. */
  begin(answered: (sharing: Sharing) => void): void {
    if (!this.#ask || this.#asking) return;
    this.#asking = this.#ask().then((sharing) => {
      this.#sharing = sharing;
      answered(sharing);
    });
  }

  /** Settles when the sharing, if it was asked for, has begun or was refused. */
  async settled(): Promise<void> {
    await this.#asking;
  }

  get isPending(): boolean {
    return this.#asking !== null && this.#sharing === null;
  }

  /** What workers of a shared card need; null when they have none. */
  get current(): CardSharing | null {
    return this.#sharing?.shared ? this.#sharing : null;
  }

  /** Notes that a worker has got to its card. */
  worked(): void {
    this.#works = true;
  }

  /** True while no worker has got to its card: a missing card may then be the sharing's fault. */
  get isUnproven(): boolean {
    return !this.#works;
  }

  /**
   * Ends a sharing under which no worker gets to its card.
   *
   * @param found what the worker said
   * @returns why cards have one slot each from now on
   */
  giveUp(found: string): NoSharing {
    const refused = letsNobodyIn(found);
    if (this.#sharing?.shared) {
      inBackground(this.#sharing.end());
      this.#sharing = refused;
    }
    return refused;
  }

  async close(): Promise<void> {
    await this.#asking;
    if (this.#sharing?.shared) await this.#sharing.end();
  }
}
