/** Items of a long list in an answer: of the list by this name, or of the answer itself. */
export interface Part {
  name: string | null;
  items: unknown[];
}

/** A list up to this length stays in its answer. */
const SHORT = 64;
/** Milliseconds that sending a part should take. */
const PACE = 3;

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
  if (isLong(output)) {
    await sendList(null, output, send, awaited);
    return [];
  }
  if (typeof output !== 'object' || output === null || !Object.values(output).some(isLong)) return output;
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(output)) {
    if (isLong(value)) await sendList(name, value, send, awaited);
    rest[name] = isLong(value) ? [] : value;
  }
  return rest;
}

const isLong = (value: unknown): value is unknown[] => Array.isArray(value) && value.length > SHORT;

async function sendList(
  name: string | null,
  items: readonly unknown[],
  send: (part: Part) => void,
  awaited: () => boolean,
): Promise<void> {
  let size = SHORT;
  for (let start = 0; start < items.length && awaited();) {
    const began = performance.now();
    send({ name, items: items.slice(start, start + size) });
    start += size;
    const took = performance.now() - began;
    if (took > PACE) size = Math.max(1, size >> 1);
    else if (took < PACE / 2) size *= 2;
    await new Promise((resolve) => setTimeout(resolve));
  }
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
