/**
 * A gate decides how much of an edge's per-sample loss a_n reaches the destination (paper, section
 * 3.3). The whole mathematics of a gate is two numbers, so that a compiled training step takes
 * gates as data:
 *
 *     contribution of an edge = w * mean over the batch of a_n * (1 - k + k * [the source is right about sample n])
 *
 * with w = weight(progress) and k = 1 when onlyCorrect. The mean is over the whole batch, wrong
 * samples included.
 */
export interface Gate {
  /** As in graph files. */
  readonly name: string;
  /** One capital that stands for the gate in the text form and beside its edge; unique. */
  readonly letter: string;
  readonly title: string;
  /** The paper's equation in plain text; a is the loss of one sample. */
  readonly formula: string;
  /** What the formula's own symbols stand for; '' when there are none but a. */
  readonly symbols: string;
  /** One sentence for a person who meets the gate the first time. */
  readonly summary: string;
  /**
   * Colour of the paper's Figure 2 (hex): contrast of at least 3 : 1 on white and on near-black,
   * distinct for colour-blind eyes.
   */
  readonly color: string;
  /** SVG stroke-dasharray, so that colour is never the only sign; `none` is a solid line. */
  readonly dash: string;
  /**
   * w in [0, 1]; progress = c / c_end, updates so far (this one included) over updates of the whole
   * run.
   */
  readonly weight: (progress: number) => number;
  /** k: only samples whose class the source names correctly count. A label is always right. */
  readonly onlyCorrect: boolean;
}
