import type { Tensor, TF } from '../ops.ts';

/**
 * Answers of all pairs of destination and source; every tensor broadcasts to [destinations,
 * sources, batch, classes].
 */
export interface Answers {
  readonly temperature: Tensor;
  /** log softmax(z / T) of the destinations. */
  readonly logTarget: Tensor;
  /** log softmax(z / T) of the sources. */
  readonly logSource: Tensor;
  /** softmax(z / T) of the destinations. */
  readonly target: Tensor;
  /** softmax(z / T) of the sources. */
  readonly source: Tensor;
}

/** Loss of every pair and sample, and its gradient. */
interface AnswerLoss {
  /** [destinations, sources, batch] */
  readonly loss: Tensor;
  /** [destinations, sources, batch, classes] with respect to the destination's logits. */
  readonly slope: Tensor;
}

/** A kind that compares answers, with its gradient in closed form. */
export type AnswerKind = (tf: TF, answers: Answers) => AnswerLoss;

/** Loss of one stage for every source and sample, and its gradient. */
export interface MapLoss {
  /** [sources, batch] */
  readonly loss: Tensor;
  /** [sources, batch, cells] with respect to the destination's map q. */
  readonly slope: Tensor;
}

/** A kind that compares attention maps q of length 1, stage by stage. */
export interface MapKind {
  /** How the stages' losses become one: their sum or their mean. */
  readonly over: 'sum' | 'mean';
  /**
   * @param target [1, batch, cells]
   * @param source [sources, batch, cells]
   */
  readonly compute: (tf: TF, target: Tensor, source: Tensor) => MapLoss;
}
