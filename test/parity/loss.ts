import { graphLoss } from '../../core/engine/losses.ts';
import type { TF } from '../../core/engine/ops.ts';

type Matrix = readonly (readonly number[])[];

/** The edges' data, [destinations][sources with the label first]. */
export interface EdgeMatrices {
  readonly weight: Matrix;
  readonly onlyCorrect: Matrix;
  readonly temperature: Matrix;
}

/**
 * Losses of one batch; [destinations][sources with the label first], gradient
 * [nodes][batch][classes].
 */
export interface Losses {
  readonly raw: Matrix;
  readonly gated: Matrix;
  readonly bothRight: Matrix;
  readonly nodeLoss: readonly number[];
  readonly gradient: readonly Matrix[];
  /** [destinations][sources][batch], where a form tells it. */
  readonly perSample?: readonly Matrix[];
  readonly factor?: readonly Matrix[];
}

/** Any form of SPEC's loss: logits [nodes][batch][classes], labels [batch]. */
export type LossForm = (
  logits: readonly Matrix[],
  labels: readonly number[],
  edges: EdgeMatrices,
) => Losses;

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;

function logSoftmax(z: readonly number[], temperature: number): number[] {
  const scaled = z.map((value) => value / temperature);
  const largest = Math.max(...scaled);
  const log = Math.log(sum(scaled.map((value) => Math.exp(value - largest))));
  return scaled.map((value) => value - largest - log);
}

const right = (z: readonly number[], label: number): boolean =>
  z.every(Number.isFinite) && z.indexOf(Math.max(...z)) === label;

/** A factor of 0 leaves out what is not a number, too. */
const selected = (factor: number, value: number): number => (factor === 0 ? 0 : factor * value);

/**
 * The equations 1 to 6 sample by sample in plain float64, as slow and as plain as they are written
 * in the paper: label edge cross-entropy, network edge T^2 KL(p_s || p_t), gates per sample, means
 * over the whole batch, plain sum per node.
 */
export const plainLoss: LossForm = (logits, labels, edges) => {
  const columns = [0, ...logits.map((_, node) => node + 1)];
  const sourceIsRight = (s: number, n: number): boolean =>
    s === 0 || right(logits[s - 1]![n]!, labels[n]!);

  const edge = (t: number, s: number) => {
    const temperature = s === 0 ? 1 : edges.temperature[t]![s]!;
    const k = edges.onlyCorrect[t]![s]!;
    const samples = labels.map((label, n) => {
      const logTarget = logSoftmax(logits[t]![n]!, temperature);
      const logSource = s === 0 ? undefined : logSoftmax(logits[s - 1]![n]!, temperature);
      const p = logSource?.map(Math.exp) ?? logTarget.map((_, c) => (c === label ? 1 : 0));
      const divergence = p.map((value, c) =>
        logSource ? value * (logSource[c]! - logTarget[c]!) : value === 0 ? 0 : -logTarget[c]!,
      );
      const loss = temperature ** 2 * sum(divergence);
      const correct = sourceIsRight(s, n) ? 1 : 0;
      const factor = edges.weight[t]![s]! * (1 - k + k * correct);
      const slope = logTarget.map((value, c) =>
        selected(factor, (temperature * (Math.exp(value) - p[c]!)) / labels.length),
      );
      return { loss, factor, slope, both: correct && right(logits[t]![n]!, label) ? 1 : 0 };
    });
    return samples;
  };
  const all = logits.map((_, t) => columns.map((s) => edge(t, s)));
  const over = (
    pick: (sample: ReturnType<typeof edge>[number]) => number,
    join: (values: number[]) => number,
  ) => all.map((row) => row.map((samples) => join(samples.map(pick))));
  const gated = over(({ factor, loss }) => selected(factor, loss), mean);
  return {
    raw: over((sample) => sample.loss, mean),
    gated,
    bothRight: over((sample) => sample.both, sum),
    nodeLoss: gated.map(sum),
    gradient: all.map((row, t) =>
      labels.map((_, n) =>
        logits[t]![n]!.map((_, c) => sum(row.map((samples) => samples[n]!.slope[c]!))),
      ),
    ),
    perSample: all.map((row) => row.map((samples) => samples.map((sample) => sample.loss))),
    factor: all.map((row) => row.map((samples) => samples.map((sample) => sample.factor))),
  };
};

/** The engine's own losses (core/engine/losses.ts) on one of its back ends. */
export const engineLoss =
  (tf: TF): LossForm =>
  (logits, labels, edges) =>
    tf.tidy(() => {
      const tensor = (values: unknown) => tf.tensor(values as number[][]);
      const loss = graphLoss(tf, tensor(logits), tf.tensor(labels, undefined, 'int32'), {
        weight: tensor(edges.weight),
        onlyCorrect: tensor(edges.onlyCorrect),
        temperature: tensor(edges.temperature),
      });
      return {
        raw: loss.raw.arraySync() as number[][],
        gated: loss.gated.arraySync() as number[][],
        bothRight: loss.bothRight.arraySync() as number[][],
        nodeLoss: loss.nodeLoss.arraySync() as number[],
        gradient: loss.gradient.arraySync() as number[][][],
      };
    });
