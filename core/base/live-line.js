// Plain JavaScript: set-up shows its progress with this on Node 18, before anything can run
// TypeScript.

import { terminalText } from './terminal-text.js';

/**
 * A terminal is redrawn at most ten times a second; a log file gets a line every five. In
 * milliseconds.
 */
const terminalMs = 100;
const logMs = 5_000;

/**
 * One line of progress that is written over itself on a terminal, and now and then as a line of its
 * own elsewhere.
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
    /** Ends the line, leaving `text`, as it is, in its place when given. @param {string} [text] */
    end(text) {
      erase();
      shownAt = -Infinity;
      if (text) stream.write(`${text}\n`);
    },
  };
}
