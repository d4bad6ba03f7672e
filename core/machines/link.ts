import {
  type Msg,
  type NatsConnection,
  type Payload,
  RequestError,
  TimeoutError,
} from '@nats-io/transport-node';
import { inBackground } from '../base/in-background.ts';

/** Milliseconds until the first request is asked again, and at most. */
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 5000;
/** Milliseconds until a request is asked again that nobody hears. */
const NOBODY_WAIT = 200;

/** How a request without an answer ended. */
export type Silence = 'nobody-listens' | 'no-answer' | 'not-connected';

/** One side's connection to the broker: requests that are asked again until they are answered. */
export class Link {
  readonly connection: NatsConnection;
  readonly #onConnect = new Set<() => void>();
  readonly #closing = new AbortController();
  #connected = true;

  constructor(connection: NatsConnection) {
    this.connection = connection;
    inBackground(this.#watch());
  }

  /** False while the client dials the broker again. */
  get connected(): boolean {
    return this.#connected && !this.#closing.signal.aborted;
  }

  /** Called after each new connection to the broker. Returns its undo. */
  onConnect(listener: () => void): () => void {
    this.#onConnect.add(listener);
    return () => this.#onConnect.delete(listener);
  }

  /** Hears a subject, without its errors: the client subscribes again after each connection. */
  hear(subject: string, listener: (message: Msg) => void): void {
    this.connection.subscribe(subject, {
      callback: (error, message) => {
        if (!error && !this.#closing.signal.aborted) listener(message);
      },
    });
  }

  /** Sends what nobody waits for; dropped without a connection. */
  tell(subject: string, payload: Payload): void {
    if (this.connected) this.connection.publish(subject, payload);
  }

  /** Asks once. */
  async askOnce(subject: string, payload: Payload, timeout: number): Promise<Msg | Silence> {
    if (!this.connected) return 'not-connected';
    try {
      return await this.connection.request(subject, payload, { timeout });
    } catch (error) {
      if (error instanceof RequestError && error.isNoResponders()) return 'nobody-listens';
      if (error instanceof TimeoutError || error instanceof RequestError) return 'no-answer';
      if (this.connection.isClosed()) return 'not-connected';
      throw error;
    }
  }

  /**
   * Asks until there is an answer.
   *
   * @param payload made anew for each try; null ends it
   * @returns null when the link was closed, `signal` was given or there is no payload any more
   */
  async ask(
    subject: string,
    payload: () => Payload | null,
    signal?: AbortSignal,
  ): Promise<Msg | null> {
    const given = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
    for (let wait = FIRST_WAIT; !given.aborted; wait = Math.min(LONGEST_WAIT, wait * 2)) {
      const message = payload();
      if (message === null) return null;
      const answer = await this.askOnce(subject, message, wait);
      if (typeof answer === 'object') return given.aborted ? null : answer;
      if (answer !== 'no-answer') await pause(NOBODY_WAIT, given);
    }
    return null;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#onConnect.clear();
    await this.connection.close();
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type === 'disconnect') this.#connected = false;
      if (type !== 'reconnect') continue;
      this.#connected = true;
      for (const listener of [...this.#onConnect]) listener();
    }
  }
}

/** Waits, or until the signal is given. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done, { once: true });
  });
}
