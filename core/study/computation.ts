import * as v from 'valibot';

/**
 * How numbers are made, beside what is computed; what was used is part of the environment stored
 * with each of them.
 */
const computationFields = {
  /**
   * `xla`: the whole step compiled; the normal way on a card. `none`: a session of single
   * operations.
   */
  compiler: v.picklist(['none', 'xla']),
  /**
   * What convolutions and matrix products compute with. `tf32` (cards only) rounds their factors to
   * 10 bits of mantissa, `bfloat16` to 7. A session on a processor also keeps activations and their
   * gradients in bfloat16. Parameters, statistics, losses and updates are float32 always.
   */
  precision: v.picklist(['float32', 'tf32', 'bfloat16']),
  /**
   * Repeats on the same device give the same bits, at some cost on cards; processors do so anyway.
   */
  deterministic: v.boolean(),
};

export const compilers: readonly Compiler[] = computationFields.compiler.options;
export const precisions: readonly Precision[] = computationFields.precision.options;

/** Requested settings; the rest is the device's default. */
export const computationSchema = v.strictObject({
  compiler: v.exactOptional(computationFields.compiler),
  precision: v.exactOptional(computationFields.precision),
  deterministic: v.exactOptional(computationFields.deterministic),
});

export type RequestedComputation = Readonly<v.InferOutput<typeof computationSchema>>;
export type Computation = Required<RequestedComputation>;
export type Compiler = Computation['compiler'];
export type Precision = Computation['precision'];

/**
 * `XLA, tf32, deterministic`: in a few words, for people and records; '' where nothing was asked
 * for.
 */
export const computationWords = ({
  compiler,
  precision,
  deterministic,
}: RequestedComputation): string =>
  [
    ...(compiler ? [compiler === 'xla' ? 'XLA' : 'session'] : []),
    ...(precision ? [precision] : []),
    ...(deterministic ? ['deterministic'] : []),
  ].join(', ');

/** Compiled steps that a worker keeps for its next runs: each holds a session and its images. */
export const KEPT_STEPS = 3;
