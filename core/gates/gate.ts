/**
 * A gate decides how much of an edge's per-sample loss a_n reaches the destination (paper, section
 * 3.3). Three numbers define a gate, so a compiled training step takes gates as data:
 *
 *     contribution = w * mean over the batch of a_n * (1 - k + k * [source correct on n])
 *
 * with w = weight(progress) and k = 1 when onlyCorrect. The mean runs over the whole batch, wrong
 * samples included, or, where a gate says so, over the correct samples alone.
 */
export interface Gate {
  /** The name in graph files. */
  readonly name: string;
  /** A unique capital letter, for the text form and the figure. */
  readonly letter: string;
  readonly title: string;
  /** The paper's equation in plain text; a is the loss of one sample. */
  readonly formula: string;
  /** Explains the symbols of the formula other than a; '' when there are none. */
  readonly symbols: string;
  /** One sentence that explains the gate to a newcomer. */
  readonly summary: string;
  /**
   * Colour (hex), of the paper's four as in its Figure 2: contrast of at least 3 : 1 on white and on near-black,
   * distinct for colour-blind eyes.
   */
  readonly color: string;
  /** SVG stroke-dasharray, so that colour is not the only sign; `none` is a solid line. */
  readonly dash: string;
  /**
   * Returns w in [0, 1]; progress = c / c_end: updates so far (this one included) / updates of the
   * run.
   */
  readonly weight: (progress: number) => number;
  /** k: count only samples that the source classifies correctly. A label is always correct. */
  readonly onlyCorrect: boolean;
  /** What the sum over the samples is divided by: the batch, or max(1, correct samples). */
  readonly over: 'batch' | 'correct';
}
