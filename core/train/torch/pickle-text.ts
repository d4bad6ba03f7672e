/** Digits of a whole number; PyTorch counts in 19. */
const MAX_DIGITS = 150;

const FLOATS: Readonly<Record<string, number>> = { inf: Infinity, '-inf': -Infinity, nan: NaN };

const ESCAPES: Readonly<Record<string, string>> = {
  ...{ a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
};

/** Returns the text of a quoted line of protocol 0 (`'a\x62'`), or null for another line. */
export function quoted(line: string): string | null {
  const [, , inner] = /^(['"])(.*)\1$/.exec(line) ?? [];
  if (inner === undefined) return null;
  return inner.replace(
    /\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|(.))/g,
    (_, hex?: string, octal?: string, other?: string) => {
      if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
      if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8));
      return ESCAPES[other!] ?? other!;
    },
  );
}

/** Returns the text of a line whose characters may be written as `\u0061` or `\U00000061`. */
export const unescaped = (line: string): string =>
  line.replace(
    /\\(?:u([0-9a-fA-F]{4})|U(00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4}))/g,
    (_, short?: string, long?: string) => String.fromCodePoint(parseInt((short ?? long)!, 16)),
  );

/** Returns the whole number of a line, or null for another line. */
export const wholeNumber = (line: string): bigint | null =>
  line.length <= MAX_DIGITS && /^[+-]?\d+L?$/.test(line)
    ? BigInt(line.replace(/^\+|L$/g, ''))
    : null;

/** Returns the number of a line as Python writes it, or null for another line. */
export function floatNumber(line: string): number | null {
  const word = FLOATS[line];
  if (word !== undefined) return word;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(line) ? Number(line) : null;
}
