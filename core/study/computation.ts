/**
 * `xla`: the whole step compiled; the normal way on a card. `none`: a session of single operations.
 */
export type Compiler = 'none' | 'xla';
export const compilers: readonly Compiler[] = ['none', 'xla'];

/**
 * What convolutions and matrix products compute with. `tf32` (cards only) rounds their factors to
 * 10 bits of mantissa, `bfloat16` to 7; weights, batch norms, losses and updates are float32
 * always.
 */
export type Precision = 'float32' | 'tf32' | 'bfloat16';
export const precisions: readonly Precision[] = ['float32', 'tf32', 'bfloat16'];

/**
 * How numbers are made, beside what is computed; what was used is part of the environment stored
 * with each of them.
 */
export interface Computation {
  readonly compiler: Compiler;
  readonly precision: Precision;
  /**
   * Repeats on the same device give the same bits, at some cost on cards; processors do so anyway.
   */
  readonly deterministic: boolean;
}

/** What was asked for; the rest is the device's default. */
export type RequestedComputation = Partial<Computation>;

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
