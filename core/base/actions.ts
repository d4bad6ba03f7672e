import * as v from 'valibot';

/** Longest text of a step or of a value in an action, in characters. */
const MAX_TEXT = 20_000;
const MAX_STEPS = 20;

const text = v.pipe(v.string(), v.maxLength(MAX_TEXT));
const variant = v.picklist(['cpu', 'gpu']);

/** An action without a value. */
const plain = <Name extends string>(name: Name) => v.strictObject({ do: v.literal(name) });

/**
 * Something that a person can do about a problem and that each face offers in a way of its own: a
 * command, a button, a link or words. Every kind has a phrase in `command-words.ts`,
 * `renderer/ui/actions.ts` and `electron/actions.ts`; the last two share `window-words.ts`.
 */
export const actionSchema = v.variant('do', [
  // The engine.
  v.strictObject({ do: v.literal('install-engine'), variant: v.exactOptional(variant) }),
  plain('install-wheel'),
  plain('download-wheel'),
  plain('verify-engine'),
  plain('use-portable'),
  plain('use-processor'),
  plain('run-doctor'),
  // How numbers are made.
  plain('choose-float32'),
  plain('use-compiler'),
  plain('default-precision'),
  // Data.
  plain('choose-data'),
  v.strictObject({
    do: v.literal('fetch-data'),
    name: text,
    file: text,
    folder: text,
  }),
  v.strictObject({ do: v.literal('use-data-path'), path: text }),
  plain('open-data'),
  // Graphs and networks.
  v.strictObject({ do: v.literal('pretrain'), model: text }),
  plain('see-correct-graph'),
  plain('see-graph'),
  plain('use-own-checkpoint'),
  // Devices.
  plain('free-memory'),
  // Lab files and studies.
  plain('open-lab'),
  plain('keep-lab-local'),
  plain('check-lab-file'),
  plain('export-studies'),
  plain('choose-study'),
  // Runs in folders of the command line.
  plain('choose-folder'),
  v.strictObject({ do: v.literal('resume-training'), folder: text }),
  plain('start-training'),
  // Connections and pages.
  plain('connect-again'),
  plain('open-link'),
  plain('serve-again'),
  plain('use-terminal'),
  plain('open-log'),
  // What only the command line can do.
  v.strictObject({ do: v.literal('run-command'), command: text }),
  v.strictObject({ do: v.literal('give-option'), example: text }),
]);

export type Action = v.InferOutput<typeof actionSchema>;
type ActionKind = Action['do'];
type ActionOf<Kind extends ActionKind> = Extract<Action, { do: Kind }>;

/** One thing to do: plain text that holds on every face, or an action. */
export type Step = string | Action;

/** How one face phrases each kind of action. */
export type Phrases<Phrase> = { readonly [Kind in ActionKind]: (action: ActionOf<Kind>) => Phrase };

/** The phrase of an action. */
export function phraseOf<Phrase>(phrases: Phrases<Phrase>, action: Action): Phrase {
  const phrase = phrases[action.do] as (action: Action) => Phrase;
  return phrase(action);
}

const knownSteps = v.pipe(v.array(v.union([text, actionSchema])), v.maxLength(MAX_STEPS));

/** Steps of a record or a message. Steps of a newer version are left out: its text stays. */
export const stepsSchema: v.GenericSchema<unknown, Step[]> = v.fallback(knownSteps, []);

/** True for steps that this version can phrase. */
export const isKnown = (steps: unknown): boolean => v.is(knownSteps, steps);

/** Sentences as one text; a command at the end has no full stop, so that it can be copied. */
export const joined = (sentences: readonly string[]): string =>
  sentences
    .filter((each) => each !== '')
    .map((each, at, all) => (at < all.length - 1 ? each.replace(/([^.!?:])$/, '$1.') : each))
    .join(' ');
