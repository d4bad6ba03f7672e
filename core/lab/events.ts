import type { LabEvent, Topic } from './api.ts';

/** An event before it is numbered. */
export type NewEvent = LabEvent extends infer Event
  ? Event extends unknown
    ? Omit<Event, 'sequence' | 'at'>
    : never
  : never;

/** Events that are kept for those who come back. */
const KEPT = 20_000;
/** Characters of JSON that they may hold together, roughly: about twice as many bytes of memory. */
const KEPT_WEIGHT = 16 << 20;
/** Share that stays when some must go, so that forgetting costs next to nothing. */
const STAYS = 3 / 4;
/**
 * Milliseconds for which somebody who comes back is told what was missed before others have their
 * turn.
 */
const PORTION = 3;

/**
 * Numbers the lab's events and keeps the last ones, so that who comes back after a while misses
 * nothing.
 */
export class EventLog {
  readonly #now: () => number;
  readonly #listeners = new Set<(event: LabEvent) => void>();
  #kept: { event: LabEvent; weight: number }[] = [];
  #weight = 0;
  #sequence: number;

  /**
   * @param first sequence number before the first event: above any of an earlier lab on the same
   * file
   */
  constructor(first: number, now: () => number = Date.now) {
    this.#sequence = first;
    this.#now = now;
  }

  /** Number of the last event. */
  get sequence(): number {
    return this.#sequence;
  }

  /** @param weight roughly the characters of its JSON */
  add(event: NewEvent, weight = 1000): void {
    const numbered = { sequence: ++this.#sequence, at: this.#now(), ...event };
    this.#kept.push({ event: numbered, weight });
    this.#weight += weight;
    if (this.#kept.length > KEPT || this.#weight > KEPT_WEIGHT) this.#forget();
    for (const listener of [...this.#listeners]) listener(numbered);
  }

  /**
   * Events of some topics, those after `after` first. Many of them come in portions, since to pass
   * them on may take long; new ones then wait behind them.
   */
  subscribe(
    topics: readonly Topic[],
    listener: (event: LabEvent) => void,
    after?: number,
  ): () => void {
    const wanted = new Set(topics);
    let waiting =
      after === undefined
        ? []
        : this.#since(after, topics[0]!).filter(({ topic }) => wanted.has(topic));
    const catchUp = (): void => {
      const end = performance.now() + PORTION;
      let passed = 0;
      while (passed < waiting.length && performance.now() < end) listener(waiting[passed++]!);
      waiting = waiting.slice(passed);
      if (waiting.length > 0) setImmediate(catchUp);
    };
    const pass = (event: LabEvent): void => {
      if (!wanted.has(event.topic)) return;
      if (waiting.length > 0) waiting.push(event);
      else listener(event);
    };
    this.#listeners.add(pass);
    catchUp();
    return () => {
      this.#listeners.delete(pass);
      waiting = [];
    };
  }

  #since(after: number, topic: Topic): LabEvent[] {
    const first = this.#kept[0]?.event.sequence ?? this.#sequence + 1;
    // A number of the future is one of another lab.
    if (after < first - 1 || after > this.#sequence)
      return [{ sequence: this.#sequence, at: this.#now(), topic, type: 'missed' }];
    return this.#kept.flatMap(({ event }) => (event.sequence > after ? event : []));
  }

  #forget(): void {
    let weight = this.#weight;
    let gone = 0;
    while (this.#kept.length - gone > STAYS * KEPT || weight > STAYS * KEPT_WEIGHT)
      weight -= this.#kept[gone++]!.weight;
    this.#kept = this.#kept.slice(gone);
    this.#weight = weight;
  }
}
