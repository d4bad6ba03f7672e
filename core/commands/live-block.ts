import { terminalText } from '../base/terminal-text.js';
import { terminalLines, terminalOf } from './terminal.ts';

/** Milliseconds between two updates. */
const PACE = 100;

/**
 * Lines at the bottom of a terminal that are redrawn in place, below lasting lines that scroll.
 * Prints nothing when the output is no terminal.
 */
export class LiveBlock {
  readonly #stream: NodeJS.WriteStream;
  #drawn = 0;
  #drawnAt = -Infinity;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** Prints a lasting line, wrapped at words, with gates in their colours. */
  print(line: string): void {
    this.#erase();
    const terminal = terminalOf(this.#stream, process.env);
    this.#stream.write(`${terminalLines(terminalText(line), terminal)}\n`);
  }

  show(lines: readonly string[]): void {
    if (!this.#stream.isTTY || performance.now() - this.#drawnAt < PACE) return;
    this.#erase();
    const width = Math.max(20, (this.#stream.columns || 80) - 1);
    const fitting = lines.slice(0, Math.max(1, (this.#stream.rows || 24) - 1));
    this.#stream.write(fitting.map((line) => `${terminalText(line).slice(0, width)}\n`).join(''));
    this.#drawn = fitting.length;
    this.#drawnAt = performance.now();
  }

  end(): void {
    this.#erase();
  }

  #erase(): void {
    if (this.#drawn > 0) this.#stream.write(`\x1b[${this.#drawn}A\x1b[J`);
    this.#drawn = 0;
    this.#drawnAt = -Infinity;
  }
}
