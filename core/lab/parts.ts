/** Items of a long list in an answer: of the list by this name, or of the answer itself. */
export interface Part {
  name: string | null;
  items: unknown[];
}

/** Characters of JSON that go in one piece, roughly. */
const PIECE = 64 << 10;

/**
 * Sends the long lists of an answer ahead in parts, with time for others between them: to write down thousands of rows in
 * one go would hold the lab up. Stops when nobody waits any more.
 *
 * @returns the answer without what went ahead
 */
export async function sendParts(
  output: unknown,
  send: (part: Part) => void,
  awaited: () => boolean,
): Promise<unknown> {
  const withoutItems = async (name: string | null, value: unknown): Promise<unknown> => {
    if (!Array.isArray(value) || value.length < 2) return value;
    const size = Math.max(1, Math.floor(PIECE / weightOf(value)));
    if (value.length <= size) return value;
    for (let start = 0; start < value.length && awaited(); start += size) {
      send({ name, items: value.slice(start, start + size) });
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

/** Characters of JSON of an item of a list, judged by the heaviest of three. */
function weightOf(items: readonly unknown[]): number {
  const some = [items[0], items[items.length >> 1], items.at(-1)];
  return Math.max(1, ...some.map((item) => JSON.stringify(item).length));
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
    return this.#lists.size === 0 ? rest : { ...(rest as object), ...Object.fromEntries(this.#lists) };
  }
}
