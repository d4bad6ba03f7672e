/**
 * Text for a person's terminal: as wide as it is, gates in their colours. A file or a pipe gets
 * every word in plain text, however long a line becomes.
 */
import { gate, gates } from '../gates/gates.ts';
import { edgesInto, nodeNumbers, type Graph } from '../graph/graph.ts';
import { edgeText, toText } from '../graph/text.ts';
import { architecture } from '../models/architecture.ts';

export interface Terminal {
  /** Infinity where lines are not wrapped. */
  readonly columns: number;
  readonly isColored: boolean;
}

interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Colours are off for NO_COLOR (no-color.org) and for a terminal that is called dumb. */
export function terminalOf(
  { isTTY = false, columns = 80 }: Output,
  { NO_COLOR = '', TERM }: NodeJS.ProcessEnv,
): Terminal {
  return {
    columns: isTTY ? Math.max(40, columns) : Infinity,
    isColored: isTTY && NO_COLOR === '' && TERM !== 'dumb',
  };
}

const here = (): Terminal => terminalOf(process.stdout, process.env);

/** A letter after one of these characters of the private use area is printed in a gate's colour. */
const FIRST_MARK = 0xe000;
const markOf = (letter: string): string =>
  String.fromCharCode(FIRST_MARK + gates.findIndex((each) => each.letter === letter));
const marks = new RegExp(`[\\u{${FIRST_MARK.toString(16)}}-\\u{e0ff}](.?)`, 'gu');

/** Characters that a text takes on a terminal. */
export const printedWidth = (text: string): number => text.replace(marks, '$1').length;

/**
 * Returns a graph as `R32 LTLTX · R110 CCLXL` with coloured letters on a terminal, and in its full
 * text form elsewhere.
 */
export function graphText(graph: Graph, terminal = here()): string {
  if (terminal.columns === Infinity) return toText(graph);
  return nodeNumbers(graph)
    .map((node) => {
      const letters = edgesInto(graph, node).map((edge) => {
        const { letter } = gate(edge.gate);
        return edgeText(edge).replace(letter, markOf(letter) + letter);
      });
      return `${architecture(graph.nodes[node - 1]!.model).short} ${letters.join('')}`;
    })
    .join(' · ');
}

/** Returns sanitised text as the terminal prints it: wrapped at words, marked letters in colour. */
export const terminalLines = (text: string, terminal = here()): string =>
  text
    .split('\n')
    .flatMap((line) => wrappedLine(line, terminal.columns))
    .join('\n')
    .replace(marks, (_, letter: string) => colored(letter, terminal.isColored));

/** Further lines of a text stand two columns to the right of its first. */
function wrappedLine(text: string, width: number): string[] {
  if (printedWidth(text) <= width) return [text];
  const indent = /^ */.exec(text)![0];
  const lines = [indent];
  for (const word of text.slice(indent.length).split(' ')) {
    const line = lines.at(-1)!;
    const isBlank = line.trim() === '';
    // Gaps of several spaces stay as they are within a line.
    const next = isBlank ? line + word : `${line} ${word}`;
    if (printedWidth(next) <= width || isBlank) lines[lines.length - 1] = next;
    else lines.push(`${indent}  ${word}`);
  }
  return lines.map((line) => line.trimEnd());
}

function colored(letter: string, isColored: boolean): string {
  const found = gates.find((each) => each.letter === letter);
  if (!found || !isColored) return letter;
  const parts = [1, 3, 5].map((at) => parseInt(found.color.slice(at, at + 2), 16));
  return `\x1b[1;38;2;${parts.join(';')}m${letter}\x1b[0m`;
}

/** Width of the gap between two columns of a table. */
const GAP = 2;

/**
 * Returns the columns of a table that fit, by their places from 0: one that is too wide leaves its
 * room to the next. The first two always do, so that a row says of what it is.
 */
export function fittingColumns(widths: readonly number[], { columns } = here()): number[] {
  let end = -GAP;
  return [...widths.keys()].filter((at) => {
    const fits = at < 2 || end + GAP + widths[at]! <= columns;
    if (fits) end += GAP + widths[at]!;
    return fits;
  });
}
