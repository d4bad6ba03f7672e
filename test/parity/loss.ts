import { graphLoss } from '../../core/engine/losses.ts';
import type { EnsemblePlan } from '../../core/engine/engine.ts';
import type { Tensor, TF } from '../../core/engine/ops.ts';
import { type KindName, kindNames } from '../../core/kinds/kinds.ts';
import { attentionPair, type StageMap } from './plain-attention.ts';

type Matrix = readonly (readonly number[])[];

/** The edges' data, [destinations][sources with the label first, the ensemble last]. */
export interface EdgeMatrices {
  readonly weight: Matrix;
  readonly onlyCorrect: Matrix;
  readonly temperature: Matrix;
  readonly overCorrect?: Matrix;
  /** Numbers of the kinds (`kindIndex`). */
  readonly kind?: Matrix;
}

/** What a batch holds besides logits, labels and edges. */
export interface MoreInputs {
  /** [nodes][stages][batch][height][width][channels] */
  readonly maps?: readonly (readonly (readonly StageMap[])[])[];
  readonly ensemble?: EnsemblePlan;
}

/**
 * Losses of one batch; [destinations][sources with the label first, the ensemble last], gradient
 * [nodes][batch][classes].
 */
export interface Losses {
  readonly raw: Matrix;
  readonly gated: Matrix;
  readonly bothRight: Matrix;
  readonly nodeLoss: readonly number[];
  /** By source, the label first. */
  readonly sourceRight: readonly number[];
  readonly gradient: readonly Matrix[];
  /** [nodes][stages][batch][height][width][channels]; null for a stage that nothing compares. */
  readonly mapGradients: readonly (readonly (readonly StageMap[] | null)[])[];
  /** [batch][classes] */
  readonly ensemble?: Matrix;
  /** [destinations][sources][batch], where a form tells it. */
  readonly perSample?: readonly Matrix[];
  readonly factor?: readonly Matrix[];
}

/** Any form of SPEC's loss: logits [nodes][batch][classes], labels [batch]. */
export type LossForm = (
  logits: readonly Matrix[],
  labels: readonly number[],
  edges: EdgeMatrices,
  more?: MoreInputs,
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

/** Loss of one sample on one edge, and its gradient. */
interface Sample {
  readonly loss: number;
  /** With respect to the destination's logits. */
  readonly slope: readonly number[];
  /** With respect to the destination's stage outputs. */
  readonly maps: readonly (StageMap | null)[];
}

const labelSample = (z: readonly number[], label: number): Sample => {
  const log = logSoftmax(z, 1);
  const slope = log.map((value, c) => Math.exp(value) - (c === label ? 1 : 0));
  return { loss: -log[label]!, slope, maps: [] };
};

function answerSample(
  kind: KindName,
  z: readonly number[],
  s: readonly number[],
  T: number,
): Sample {
  const [logTarget, logSource] = [logSoftmax(z, T), logSoftmax(s, T)];
  const [p, q] = [logTarget.map(Math.exp), logSource.map(Math.exp)];
  if (kind === 'kl') {
    const divergence = sum(q.map((value, c) => value * (logSource[c]! - logTarget[c]!)));
    const slope = p.map((value, c) => T * (value - q[c]!));
    return { loss: T ** 2 * divergence, slope, maps: [] };
  }
  const [P, Q] = [p, q].map((each) => Math.sqrt(sum(each.map((value) => value ** 2))));
  const cosine = sum(p.map((value, c) => value * q[c]!)) / P! / Q!;
  const g = p.map((value, c) => q[c]! / P! / Q! - (cosine * value) / P! ** 2);
  const along = sum(p.map((value, c) => value * g[c]!));
  return { loss: cosine, slope: p.map((value, c) => (value * (g[c]! - along)) / T), maps: [] };
}

/** The ensemble's logits of one sample; NaN when a voter is not finite. */
function combined(votes: Matrix, combine: EnsemblePlan['combine']): number[] {
  const classes = votes[0]!.map((_, c) => c);
  if (!votes.flat().every(Number.isFinite)) return classes.map(() => NaN);
  if (combine === 'logits') return classes.map((c) => mean(votes.map((z) => z[c]!)));
  const logs = votes.map((z) => logSoftmax(z, 1));
  return classes.map((c) => {
    const largest = Math.max(...logs.map((log) => log[c]!));
    return largest + Math.log(mean(logs.map((log) => Math.exp(log[c]! - largest))));
  });
}

/**
 * The losses of SPEC sample by sample in plain float64, as slow and as plain as they are written:
 * every kind of edge, gates per sample, means over the batch or the correct samples, plain sum per
 * node.
 */
export const plainLoss: LossForm = (logits, labels, edges, { maps, ensemble } = {}) => {
  const vote =
    ensemble &&
    labels.map((_, n) =>
      combined(
        ensemble.voters.map((voter) => logits[voter]![n]!),
        ensemble.combine,
      ),
    );
  const sources = vote ? [...logits, vote] : logits;
  const columns = [0, ...sources.map((_, node) => node + 1)];
  const isRight = (s: number, n: number): boolean =>
    s === 0 || right(sources[s - 1]![n]!, labels[n]!);

  const sampleOf = (t: number, s: number, n: number): Sample => {
    const z = logits[t]![n]!;
    if (s === 0) return labelSample(z, labels[n]!);
    const kind = kindNames[edges.kind?.[t]?.[s] ?? 0]!;
    if (kind === 'kl' || kind === 'repel')
      return answerSample(kind, z, sources[s - 1]![n]!, edges.temperature[t]![s]!);
    const none = z.map(() => 0);
    if (s === t + 1) return { loss: 0, slope: none, maps: [] };
    const of = (node: number) => maps![node]!.map((stage) => stage[n]!);
    const { loss, slopes } = attentionPair(kind, of(t), of(s - 1));
    return { loss, slope: none, maps: slopes };
  };
  const edge = (t: number, s: number) => {
    const k = edges.onlyCorrect[t]![s]!;
    const correct = labels.filter((_, n) => isRight(s, n)).length;
    const scale = edges.overCorrect?.[t]?.[s] ? labels.length / Math.max(1, correct) : 1;
    return labels.map((label, n) => {
      const found = sampleOf(t, s, n);
      const factor = edges.weight[t]![s]! * scale * (1 - k + k * Number(isRight(s, n)));
      const share = (value: number): number => selected(factor, value / labels.length);
      return {
        loss: found.loss,
        factor,
        slope: found.slope.map(share),
        maps: found.maps.map(
          (map) => map && map.map((row) => row.map((pixel) => pixel.map(share))),
        ),
        both: isRight(s, n) && right(logits[t]![n]!, label) ? 1 : 0,
      };
    });
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
    sourceRight: columns.map((s) => labels.filter((_, n) => isRight(s, n)).length),
    gradient: all.map((row, t) =>
      labels.map((_, n) =>
        logits[t]![n]!.map((_, c) => sum(row.map((samples) => samples[n]!.slope[c]!))),
      ),
    ),
    mapGradients: (maps ?? []).map((stages, t) =>
      stages.map((stage, place) => {
        const parts = all[t]!.map((samples) => samples.map((one) => one.maps[place] ?? null));
        return stage.map((map, n) =>
          map.map((row, h) =>
            row.map((pixel, w) =>
              pixel.map((_, c) => sum(parts.map((part) => part[n]?.[h]?.[w]?.[c] ?? 0))),
            ),
          ),
        );
      }),
    ),
    ...(vote && { ensemble: vote }),
    perSample: all.map((row) => row.map((samples) => samples.map((sample) => sample.loss))),
    factor: all.map((row) => row.map((samples) => samples.map((sample) => sample.factor))),
  };
};

/** The engine's own losses (core/engine/losses.ts) on one of its back ends. */
export const engineLoss =
  (tf: TF): LossForm =>
  (logits, labels, edges, { maps, ensemble } = {}) => {
    let result!: Losses;
    tf.tidy(() => {
      const tensor = (values: unknown): Tensor => tf.tensor(values as number[][]);
      const none = edges.weight.map((row) => row.map(() => 0));
      const kind = edges.kind ?? none;
      const used = kindNames.filter((_, index) => index > 0 && kind.flat().includes(index));
      const stages = maps?.map((node) => node.map(tensor));
      const loss = graphLoss(tf, {
        logits: tensor(logits),
        labels: tf.tensor(labels, undefined, 'int32'),
        edges: {
          weight: tensor(edges.weight),
          onlyCorrect: tensor(edges.onlyCorrect),
          temperature: tensor(edges.temperature),
          overCorrect: tensor(edges.overCorrect ?? none),
          kind: tensor(kind),
        },
        kinds: used,
        ...(ensemble && { ensemble }),
        ...(stages && { maps: { stages, frozen: [] } }),
      });
      result = {
        raw: loss.raw.arraySync() as number[][],
        gated: loss.gated.arraySync() as number[][],
        bothRight: loss.bothRight.arraySync() as number[][],
        nodeLoss: loss.nodeLoss.arraySync() as number[],
        sourceRight: loss.sourceRight.arraySync() as number[],
        gradient: loss.gradient.arraySync() as number[][][],
        mapGradients: loss.stageGradients.map((each) =>
          each.map((slope) => slope && (slope.arraySync() as number[][][][])),
        ),
        ...(loss.ensemble && { ensemble: loss.ensemble.arraySync() as number[][] }),
      };
    });
    return result;
  };
