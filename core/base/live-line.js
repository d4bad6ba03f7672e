// Plain JavaScript: set-up shows its progress under Node 18, which cannot run TypeScript.

import { terminalText } from './terminal-text.js';

/**
 * Milliseconds between two updates of a terminal (100) and between two lines of a log file (5000).
 */
const terminalMs = 100;
const logMs = 5_000;

/**
 * Shows progress: one line that a terminal redraws, or separate lines in a file.
 *
 * @param {{ isTTY?: boolean, columns?: number, write(text: string): unknown }} stream
 * @param {() => number} [now] milliseconds
 */
export function liveLine(stream, now = Date.now) {
  const every = stream.isTTY ? terminalMs : logMs;
  let shownAt = -Infinity;
  const erase = () => {
    if (stream.isTTY && shownAt > -Infinity) stream.write('\r\x1b[2K');
  };
  return {
    /** @param {string} text */
    show(text) {
      if (now() - shownAt < every) return;
      erase();
      shownAt = now();
      const clean = terminalText(text);
      stream.write(stream.isTTY ? clean.slice(0, (stream.columns || 80) - 1) : `${clean}\n`);
    },
    /** Clears the line, or replaces it with `text`, unchanged. @param {string} [text] */
    end(text) {
      erase();
      shownAt = -Infinity;
      if (text) stream.write(`${text}\n`);
    },
  };
}
