import { type Link, pause } from './link.ts';
import type { Traffic } from './machine-state.ts';
import { type Order, type OrderAnswer, type Snapshot, orderAnswerSchema } from './messages.ts';
import { decode, encode } from './wire.ts';

const PING_WAIT = 4000;
/** Milliseconds until an agent is asked again that has not said hello yet. */
const HELLO_WAIT = 200;

/** An order without the session, which `Orders` adds. */
type PlainOrder = Order extends infer Each
  ? Each extends Order
    ? Omit<Each, 'session'>
    : never
  : never;

export interface OrdersOptions {
  link: Link;
  /** On which the agent hears orders. */
  subject: string;
  /** Tells this process of the lab from earlier ones. */
  session: string;
  traffic: Traffic;
  /** False of an answer that another agent with the same pairing gave. */
  isOwn: (boot: string) => boolean;
  /** An answer tells how the agent's slots are. */
  seen: (snapshot: Snapshot) => void;
  /** An answer is not allowed. */
  misbehaved: (error: unknown) => void;
}

/** The lab's orders to one agent. */
export class Orders {
  readonly #options: OrdersOptions;
  /** Ends the orders to one start of the agent; null while it is given up. */
  #current: AbortController | null = null;
  #isPinging = false;
  /** Milliseconds to the agent and back; null while that is not known. */
  roundTrip: number | null = null;

  constructor(options: OrdersOptions) {
    this.#options = options;
  }

  /** True from the agent's hello until it is given up. */
  get areTaken(): boolean {
    return this.#current !== null;
  }

  /** Orders to an earlier start of the agent have lost their meaning. */
  beginAnew(): void {
    this.#current?.abort();
    this.#current = new AbortController();
  }

  end(): void {
    this.#current?.abort();
    this.#current = null;
  }

  /**
   * Gives an order until it is answered.
   *
   * @returns null when the agent began again, is given up, or the order is not wanted any more
   */
  async give(order: PlainOrder, isWanted = (): boolean => true): Promise<OrderAnswer | null> {
    const { link, subject, session, traffic, isOwn, seen } = this.#options;
    const current = this.#current;
    if (!current) return null;
    const payload = encode({ ...order, session });
    for (;;) {
      traffic.sent(payload.length);
      const wanted = (): Uint8Array | null => (isWanted() ? payload : null);
      const message = await link.ask(subject, wanted, current.signal);
      if (!message) return null;
      traffic.received(message.data.length);
      const answer = this.#read(message.data);
      if (answer === null) return null;
      if (isOwn(answer.boot)) {
        if (answer.type === 'done') seen(answer);
        if (answer.type !== 'hello-first') return answer;
      }
      await pause(HELLO_WAIT, current.signal);
    }
  }

  /**
   * Asks whether the agent is there; its broker tells when it has no connection.
   *
   * @param again asks it to say hello again
   * @returns null when it is being asked already
   */
  async ping(again: boolean): Promise<'there' | 'no-connection' | 'silent' | null> {
    if (this.#isPinging && !again) return null;
    this.#isPinging = true;
    const { link, subject, session, traffic } = this.#options;
    const payload = encode({ type: 'ping', session, again });
    const begun = performance.now();
    traffic.sent(payload.length);
    const answer = await link.askOnce(subject, payload, PING_WAIT);
    this.#isPinging = false;
    if (typeof answer === 'string') return answer === 'nobody-listens' ? 'no-connection' : 'silent';
    traffic.received(answer.data.length);
    // Agents of another protocol are told to update at their hello, which begins their orders.
    if (this.areTaken && !this.#isOwnAnswer(answer.data)) return 'silent';
    this.roundTrip = Math.round(performance.now() - begun);
    return 'there';
  }

  #isOwnAnswer(data: Uint8Array): boolean {
    const answer = this.#read(data);
    return answer !== null && this.#options.isOwn(answer.boot);
  }

  #read(data: Uint8Array): OrderAnswer | null {
    try {
      return decode(orderAnswerSchema, data);
    } catch (error) {
      this.#options.misbehaved(error);
      return null;
    }
  }
}
