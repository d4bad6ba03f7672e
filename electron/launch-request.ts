import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { labFile } from '../core/host/open.ts';
import { linkTo, placeIn } from './links.ts';

const text = v.nullable(v.string());
const schema = v.strictObject({ lab: text, place: text });

/**
 * What a start of the app asks for: a lab file (a whole path), and a place of the app; null is as
 * usual.
 */
export type Wish = v.InferOutput<typeof schema>;

const read = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    options: { lab: { type: 'string' } },
    strict: false, // Chromium has many of its own
    allowPositionals: true,
    tokens: true,
  });

/**
 * The wish in an argument list: `--lab FILE` or `--lab=FILE` (or KTG_LAB), and a link.
 *
 * @param args without the program
 */
export function wishOf(args: readonly string[]): Wish {
  const { values, positionals } = read(args);
  const named = typeof values.lab === 'string' && values.lab !== '' ? values.lab : undefined;
  const place = positionals.map(placeIn).find((each) => each !== null);
  const asked = named !== undefined || process.env.KTG_LAB !== undefined;
  return { lab: asked ? labFile(named) : null, place: place ?? null };
}

/** The same argument list with another wish. */
export function argumentsFor({ lab, place }: Wish, args: readonly string[]): string[] {
  const { tokens } = read(args);
  // Drops everything behind `--`: a stranger's link on Windows must never become a switch.
  const end = tokens.find(({ kind }) => kind === 'option-terminator')?.index ?? args.length;
  const taken = new Set(
    tokens.flatMap((token) => {
      if (token.kind === 'positional') return placeIn(token.value) === null ? [] : [token.index];
      if (token.kind !== 'option' || token.name !== 'lab') return [];
      return token.inlineValue === false ? [token.index, token.index + 1] : [token.index];
    }),
  );
  return [
    ...args.filter((_, index) => index < end && !taken.has(index)),
    ...(lab === null ? [] : [`--lab=${lab}`]),
    ...(place === null ? [] : [linkTo(place)]),
  ];
}

/** What another start of the app has sent; nothing in particular when it is no wish. */
export function wishFrom(sent: unknown): Wish {
  const read = v.safeParse(schema, sent);
  return read.success ? read.output : { lab: null, place: null };
}
