import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { labFile } from '../core/host/open.ts';
import { linkTo, placeIn } from './links.ts';

const text = v.nullable(v.string());
const schema = v.strictObject({ lab: text, place: text });

/**
 * Request of a start of the app: a lab file (absolute path) and a place of the app; null means the
 * default.
 */
export type LaunchRequest = v.InferOutput<typeof schema>;

const read = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    options: { lab: { type: 'string' } },
    strict: false, // Chromium has many of its own
    allowPositionals: true,
    tokens: true,
  });

/**
 * Returns the request in an argument list: `--lab FILE` or `--lab=FILE` (or KTG_LAB), and a link.
 *
 * @param args without the program
 */
export function launchRequestOf(args: readonly string[]): LaunchRequest {
  const { values, positionals } = read(args);
  const named = typeof values.lab === 'string' && values.lab !== '' ? values.lab : undefined;
  const place = positionals.map(placeIn).find((each) => each !== null);
  const asked = named !== undefined || process.env.KTG_LAB !== undefined;
  return { lab: asked ? labFile(named) : null, place: place ?? null };
}

/** Returns the argument list with another request. */
export function argumentsFor({ lab, place }: LaunchRequest, args: readonly string[]): string[] {
  const { tokens } = read(args);
  // Removes everything after `--`: on Windows a link from outside must never become a switch.
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

/** Returns the request that another start of the app sent; the default for invalid data. */
export function parseLaunchRequest(sent: unknown): LaunchRequest {
  const read = v.safeParse(schema, sent);
  return read.success ? read.output : { lab: null, place: null };
}
