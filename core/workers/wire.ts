/** How bytes and numbers that JSON lacks are marked. */
const BYTES = '$bytes';
const NUMBER = '$number';
const numbers: ReadonlyMap<unknown, number> = new Map(
  [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((number) => [
    String(number),
    number,
  ]),
);

/**
 * A message as text. Lab and worker may run in different versions of V8 (the desktop app's and
 * Node's), and the newer one's own binary form, which `serialization: 'advanced'` would use, is
 * refused by the older one. What JSON lacks is marked.
 */
export function toWire(message: object): string {
  return JSON.stringify(message, function (this: Record<string, unknown>, key, value: unknown) {
    const raw = this[key]; // before `toJSON`, which Buffers have
    if (raw instanceof Uint8Array)
      return {
        [BYTES]: Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('base64'),
      };
    if (typeof raw === 'number' && !Number.isFinite(raw)) return { [NUMBER]: String(raw) };
    return value;
  });
}

/**
 * What `toWire` made, to be checked; whatever else comes is given back as it is, and the check
 * refuses it.
 */
export function fromWire(raw: unknown): unknown {
  if (typeof raw !== 'string') return raw;
  try {
    return JSON.parse(raw, (_key, value: unknown) => unmarked(value));
  } catch {
    return raw;
  }
}

function unmarked(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const [entry, ...more] = Object.entries(value);
  if (!entry || more.length > 0) return value;
  const [mark, text] = entry as [string, unknown];
  if (mark === BYTES && typeof text === 'string') return Buffer.from(text, 'base64');
  return mark === NUMBER ? (numbers.get(text) ?? value) : value;
}
