import type { LabEvent, Topic } from './api.ts';

/** An event before it is numbered. */
export type NewEvent = LabEvent extends infer Event
  ? Event extends unknown
    ? Omit<Event, 'sequence' | 'at'>
    : never
  : never;

/** Events that are kept for those who come back. */
const KEPT = 20_000;
/** Characters of JSON that they may hold together, roughly. */
const KEPT_WEIGHT = 64 << 20;

/** Numbers the lab's events and keeps the last ones, so that who comes back after a while misses nothing. */
export class EventLog {
  readonly #now: () => number;
  readonly #listeners = new Set<(event: LabEvent) => void>();
  #kept: { event: LabEvent; weight: number }[] = [];
  #weight = 0;
  #sequence: number;

  /** @param first sequence number before the first event: above any of an earlier lab on the same file */
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
    const numbered = { sequence: ++this.#sequence, at: this.#now(), ...event } as LabEvent;
    this.#kept.push({ event: numbered, weight });
    this.#weight += weight;
    if (this.#kept.length > 2 * KEPT || this.#weight > 2 * KEPT_WEIGHT) this.#forget();
    for (const listener of [...this.#listeners]) listener(numbered);
  }

  /** Events of some topics, those after `after` first. */
  subscribe(topics: readonly Topic[], listener: (event: LabEvent) => void, after?: number): () => void {
    const wanted = new Set(topics);
    const pass = (event: LabEvent): void => {
      if (wanted.has(event.topic)) listener(event);
    };
    if (after !== undefined) this.#catchUp(topics[0]!, after, listener, pass);
    this.#listeners.add(pass);
    return () => this.#listeners.delete(pass);
  }

  #catchUp(
    topic: Topic,
    after: number,
    listener: (event: LabEvent) => void,
    pass: (event: LabEvent) => void,
  ): void {
    const first = this.#kept[0]?.event.sequence ?? this.#sequence + 1;
    // A number of the future is one of another lab.
    if (after < first - 1 || after > this.#sequence)
      listener({ sequence: this.#sequence, at: this.#now(), topic, type: 'missed' });
    else for (const { event } of this.#kept) if (event.sequence > after) pass(event);
  }

  /** Half at a time, so that forgetting costs next to nothing. */
  #forget(): void {
    let weight = this.#weight;
    let gone = 0;
    while (gone < this.#kept.length && (this.#kept.length - gone > KEPT || weight > KEPT_WEIGHT))
      weight -= this.#kept[gone++]!.weight;
    this.#kept = this.#kept.slice(gone);
    this.#weight = weight;
  }
}
