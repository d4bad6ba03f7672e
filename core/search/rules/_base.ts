import * as v from 'valibot';

/** The decision of a rule about one trial at one rung. Final: later arrivals change nothing. */
export interface Decision<Reason> {
  /** Epoch of the rung. */
  rung: number;
  /**
   * The accuracy that was judged, a fraction of 1; null when it was not a number: it is not
   * recorded and is compared with no value.
   */
  value: number | null;
  go: boolean;
  reason: Reason;
}

/** How many values a decision compared. */
export const countSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** Reason of every rule for an accuracy that is not a number. */
export const notANumberSchema = v.strictObject({
  kind: v.literal('not-a-number'),
  /** Values at this rung. */
  n: countSchema,
});
export type NotANumber = v.InferOutput<typeof notANumberSchema>;

/** Reason for a starting point that runs to the end whatever the rule decides. */
export const startingPointSchema = v.strictObject({
  kind: v.literal('starting-point'),
  /** Values at this rung, this one included. */
  n: countSchema,
});

/** The records of a study's trials that a rule reads. */
export interface Recorded {
  /** Accuracies recorded at a rung, in order of arrival; NaN is never recorded. */
  rungValues(rung: number): number[];
  /** The target's accuracies of all trials, epoch by epoch; a fraction of 1 or NaN. */
  curves(): Iterable<{ run: number; accuracy: readonly number[] }>;
}

/**
 * A study's rule over all values recorded so far. It reads them once and receives each new one,
 * so that a decision costs the same at the first trial and at the last.
 */
export interface Judge<Reason> {
  /** Epochs after which a worker must wait for the answer. */
  readonly rungs: readonly number[];
  /**
   * What the rule decides at an epoch; records nothing. Epochs of a run come in order without gaps.
   */
  judge(run: number, epoch: number, accuracy: number): Decision<Reason | NotANumber>[];
  /** Told once the report is in the store. */
  recorded(
    run: number,
    epoch: number,
    accuracy: number,
    decisions: readonly Pick<Decision<unknown>, 'rung' | 'value'>[],
  ): void;
}

/** One option of a rule: a field of the form and an option of the command line. */
export interface RuleField {
  /** Its key in the options. */
  readonly key: string;
  /** A whole number, or ascending epochs. */
  readonly type: 'whole' | 'epochs';
  /** Label in the form. */
  readonly title: string;
  /** Option of the command line, without dashes; rules may share one. */
  readonly option: string;
  /** Meaning of the option for this rule, in the usage text. */
  readonly usage: string;
  /** Bounds of a number. */
  readonly least: number;
  readonly most: number;
}

/** A stopping rule: which trials are stopped early. */
export interface StoppingRule<Options extends { readonly kind: string }, Reason = never> {
  readonly kind: Options['kind'];
  /** Its options as a plan holds them, checked when they come from outside. */
  readonly schema: v.GenericSchema<unknown, Options>;
  readonly usual: Options;
  /** Why it decides as it does, of its own kind; null for a rule that never decides. */
  readonly reason: v.GenericSchema<unknown, Reason> | null;
  /** A reason in a few words, after the verdict; `value` is the accuracy as a percentage. */
  because(value: string, reason: Reason): string;
  /** Its name in the usage text. */
  readonly name: string;
  /** Its line in the list of the form. */
  readonly title: string;
  /** When a trial continues, below the list; '' where the title is enough. */
  about(options: Options): string;
  readonly fields: readonly RuleField[];
  /** Epochs at which it decides, ascending; the last epoch of a trial is none. */
  rungs(options: Options, epochs: number): readonly number[];
  /** A rung of the options that is not below the last epoch, so no trial is compared there. */
  rungBeyondEnd?(options: Options, epochs: number): number | undefined;
  /** Share of the trials that is expected to continue at a rung. */
  expectedShare(options: Options): number;
  /** The trials that continue at a rung: the end of a sentence. */
  goesOn(options: Options): string;
  /** How it decides: one sentence. */
  explain(options: Options): string;
  judge(options: Options, epochs: number, recorded: Recorded): Judge<Reason>;
}

/**
 * The decision about an accuracy that is not a number: it stops, is not recorded and competes with
 * nobody.
 */
export const notANumber = (rung: number, n: number): Decision<NotANumber> => ({
  rung,
  value: null,
  go: false,
  reason: { kind: 'not-a-number', n },
});

export const percent = (fraction: number): string => `${(fraction * 100).toFixed(1)} %`;

/** How many of ascending values are at most `value`: its place among them, after its equals. */
export function placeAfter(ascending: readonly number[], value: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Bounds that no sensible plan comes near; they keep nonsense from outside away. */
export const EPOCH_LIMIT = 100_000;
export const TRIAL_LIMIT = 1_000_000;
