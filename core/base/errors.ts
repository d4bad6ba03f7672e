import type { Step } from './actions.ts';
import { nextOf } from './command-words.ts';
import type { LabProblem } from './problem.ts';
import { type ParamsOf, type ProblemKey, describe } from './problems.ts';

/** A problem without params may leave them out. */
type Params<Key extends ProblemKey> =
  unknown extends ParamsOf<Key> ? [params?: ParamsOf<Key>] : [params: ParamsOf<Key>];

/**
 * An expected failure that a person can act on: what was found, what was expected, and what to do
 * next. Bugs are ordinary errors; only LabErrors are shown without a stack.
 */
export class LabError<Key extends ProblemKey = ProblemKey> extends Error {
  /** Stable, dotted, lower case: `graph.self-edge`, `data.truncated`. Programs match on it. */
  readonly code: string;
  /** What to do next, phrased for the command line; empty when nothing can be done. */
  readonly next: string;
  /** What to do next, as data; undefined for a record that has only the text. */
  readonly steps: readonly Step[] | undefined;

  /** A problem of the catalogue, e.g. `new LabError('lab.no-file', { file })`. */
  constructor(key: Key, ...rest: [...Params<Key>, options?: ErrorOptions]);
  /** A problem that a record or a message holds. */
  constructor(problem: LabProblem, options?: ErrorOptions);
  constructor(from: Key | LabProblem, second?: object, third?: ErrorOptions) {
    const { code, message, next, steps } =
      typeof from === 'string' ? described(from, second) : from;
    super(message, typeof from === 'string' ? third : second);
    this.name = 'LabError';
    this.code = code;
    this.next = next;
    this.steps = steps;
  }
}

/** Returns the message of any thrown value, for use inside another message. */
export const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);

/** The code of a key: what stands before its case. */
type CodeOf<Key extends string> = Key extends `${infer Code}/${string}` ? Code : Key;

/** A problem of the catalogue as plain data. */
export const problem = <Key extends ProblemKey>(key: Key, ...[params]: Params<Key>) =>
  described(key, params as object | undefined) as LabProblem & { code: CodeOf<Key> };

/** A problem whose next steps are data: their text follows from them. */
export const withNext = (found: {
  code: string;
  message: string;
  steps: readonly Step[];
}): LabProblem => ({ ...found, next: nextOf(found.steps) });

/**
 * Anything thrown as plain data.
 *
 * @param unexpected the key for what is no LabError
 */
export function problemOf(
  thrown: unknown,
  unexpected: 'lab.unexpected' | 'app.unexpected' | 'workers.unexpected' = 'lab.unexpected',
): LabProblem {
  if (!(thrown instanceof LabError)) return problem(unexpected, { message: messageOf(thrown) });
  const { code, message, next, steps } = thrown;
  return { code, message, next, ...(steps && { steps }) };
}

const described = (key: ProblemKey, params?: object): LabProblem => withNext(describe(key, params));
