import { ChunkReceiver, ChunkSender } from '../base/chunks.ts';
import { LabError } from '../base/errors.ts';

/** Items of a long list in an answer: of the list by this name, or of the answer itself. */
export interface Part {
  name: string | null;
  items: unknown[];
  /** Place among the parts of the answer, from 0; absent from a lab of version 0.1.0. */
  index?: number;
}

/** Characters of JSON that go in one piece, roughly. */
const PIECE = 64 << 10;
/** Parts of one answer that may be on their way without an acknowledgement: about 4 MiB. */
const PARTS_AHEAD = 64;

/**
 * Sends the long lists of answers ahead in parts, with time for others between them: writing
 * thousands of rows at once would hold the lab up. One for each connection.
 */
export class PartSender {
  readonly #sending = new Map<number, ChunkSender>();
  /** A page or program of version 0.1.0 never acknowledges, and gets its parts without a window. */
  #acknowledges = false;

  /**
   * Sends the parts of one answer; stops when nobody waits for it any more.
   *
   * @param request its id
   * @param awaited whether somebody still waits for the answer
   * @returns the answer without the lists that went ahead
   */
  async send(
    request: number,
    output: unknown,
    post: (part: Part) => void,
    awaited: () => boolean,
  ): Promise<unknown> {
    const window = new ChunkSender(PARTS_AHEAD);
    this.#sending.set(request, window);
    const withoutItems = async (name: string | null, value: unknown): Promise<unknown> => {
      if (!Array.isArray(value)) return value;
      for (const items of piecesOf(value)) {
        if (items.length === value.length) return value;
        const index = await this.#room(window);
        if (index === null || !awaited()) break;
        post({ name, items, index });
        await new Promise((resolve) => setTimeout(resolve));
      }
      return [];
    };
    try {
      if (typeof output !== 'object' || output === null || Array.isArray(output))
        return await withoutItems(null, output);
      const rest: Record<string, unknown> = {};
      for (const [name, value] of Object.entries(output))
        rest[name] = await withoutItems(name, value);
      return rest;
    } finally {
      this.#sending.delete(request);
    }
  }

  /** The other end has taken the parts of an answer up to this index. */
  taken(request: number, index: number): void {
    this.#acknowledges = true;
    this.#sending.get(request)?.taken(index);
  }

  /** The request for this answer has ended. */
  end(request: number): void {
    this.#sending.get(request)?.end(new Error('The request for this answer has ended.'));
  }

  /** Index of the next part, once there is room for it; null when the answer is given up. */
  async #room(window: ChunkSender): Promise<number | null> {
    try {
      return await window.next(this.#acknowledges);
    } catch {
      return null;
    }
  }
}

/**
 * Cuts a list into pieces that weigh no more than one may, or are a single item. Each is weighed
 * when it is asked for.
 */
function* piecesOf(items: readonly unknown[]): Iterable<unknown[]> {
  let piece: unknown[] = [];
  let room = PIECE;
  for (const item of items) {
    const weight = weightOf(item);
    if (weight > room && piece.length > 0) {
      yield piece;
      piece = [];
      room = PIECE;
    }
    piece.push(item);
    room -= weight;
  }
  yield piece;
}

/** Characters of JSON of a number, roughly. */
const NUMBER = 8;

/** Characters of JSON of a value, roughly, without writing it down. */
function weightOf(value: unknown): number {
  if (typeof value === 'string') return value.length + 3;
  if (typeof value !== 'object' || value === null) return NUMBER;
  let weight = 2;
  for (const [key, item] of Object.entries(value))
    weight += weightOf(item) + (Array.isArray(value) ? 0 : key.length + 4);
  return weight;
}

/**
 * Largest answer, or single item of a list in one, in bytes of JSON: connections hold little more
 * for a slow reader.
 */
const MAX_ANSWER = 30 << 20;
/** Bytes of one character in JSON, at most: control characters are escaped. */
const WIDEST = 6;

/** Throws LabError `lab.answer-too-large` for what no connection carries. */
export function requireSendable(request: string, value: unknown): void {
  if (weightOf(value) * WIDEST <= MAX_ANSWER) return;
  const bytes = new TextEncoder().encode(JSON.stringify(value)).length;
  if (bytes <= MAX_ANSWER) return;
  throw new LabError('lab.answer-too-large', { request, bytes });
}

/** The lists of an answer that came ahead. */
export class Parts {
  readonly #lists = new Map<string | null, unknown[]>();
  readonly #chunks = new ChunkReceiver({
    total: Infinity,
    largest: Infinity,
    ahead: PARTS_AHEAD,
  });

  /**
   * Takes a part in.
   *
   * @returns the index to acknowledge; null for a part of version 0.1.0, which has none
   * @throws LabError `lab.bad-answer` for a part out of order
   */
  add({ name, items, index }: Part): number | null {
    if (index !== undefined && this.#chunks.receive({ index }, 0) !== null)
      throw new LabError('lab.bad-answer', { index, expected: this.#chunks.next });
    const list = this.#lists.get(name) ?? [];
    this.#lists.set(name, list);
    for (const item of items) list.push(item);
    return index === undefined ? null : this.#chunks.take();
  }

  /** The complete answer. */
  joinedWith(rest: unknown): unknown {
    const list = this.#lists.get(null);
    if (list) return list;
    return this.#lists.size === 0
      ? rest
      : { ...(rest as object), ...Object.fromEntries(this.#lists) };
  }
}
