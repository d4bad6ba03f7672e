/**
 * The kind of an edge between networks is its loss: what of the source the destination compares
 * itself with, and whether it moves towards it or away from it. The computation of each kind is in
 * `core/engine/kinds/`. Label edges have no kind: their loss is always cross-entropy.
 */
export interface Kind {
  /** The name in graph files. */
  readonly name: string;
  /** Small letters after a dot in the text form; '' for the usual kind. */
  readonly code: string;
  readonly title: string;
  /** The loss a of one sample in plain text; s is the source, t the destination. */
  readonly formula: string;
  /** Explains the symbols of the formula. */
  readonly symbols: string;
  /** One sentence that explains the kind to a newcomer. */
  readonly summary: string;
  /** What is compared: the answers of the networks, or the outputs of their stages. */
  readonly compares: 'answers' | 'stages';
  /** True when the destination moves away from the source. */
  readonly repels: boolean;
  /** Text beside the gate's letter in drawings; '' for the usual kind. */
  readonly sign: string;
}
