import { LabError } from '../base/errors.ts';

/** Items of a long list in an answer: of the list by this name, or of the answer itself. */
export interface Part {
  name: string | null;
  items: unknown[];
}

/** Characters of JSON that go in one piece, roughly. */
const PIECE = 64 << 10;

/**
 * Sends the long lists of an answer ahead in parts, with time for others between them: to write
 * down thousands of rows in one go would hold the lab up. Stops when nobody waits any more.
 *
 * @returns the answer without what went ahead
 */
export async function sendParts(
  output: unknown,
  send: (part: Part) => void,
  awaited: () => boolean,
): Promise<unknown> {
  const withoutItems = async (name: string | null, value: unknown): Promise<unknown> => {
    if (!Array.isArray(value)) return value;
    for (const items of piecesOf(value)) {
      if (items.length === value.length) return value;
      if (!awaited()) break;
      send({ name, items });
      await new Promise((resolve) => setTimeout(resolve));
    }
    return [];
  };
  if (typeof output !== 'object' || output === null || Array.isArray(output))
    return withoutItems(null, output);
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(output)) rest[name] = await withoutItems(name, value);
  return rest;
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

  add({ name, items }: Part): void {
    const list = this.#lists.get(name) ?? [];
    this.#lists.set(name, list);
    for (const item of items) list.push(item);
  }

  /** The whole answer. */
  joinedWith(rest: unknown): unknown {
    const whole = this.#lists.get(null);
    if (whole) return whole;
    return this.#lists.size === 0
      ? rest
      : { ...(rest as object), ...Object.fromEntries(this.#lists) };
  }
}
