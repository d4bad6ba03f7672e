import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveLine } from '../../core/base/live-line.js';

/** A stream that keeps what is written, and a clock that is set by hand. */
function screen(isTTY: boolean) {
  const clock = { ms: 0 };
  let text = '';
  const stream = { isTTY, columns: 12, write: (more: string) => (text += more) };
  return { line: liveLine(stream, () => clock.ms), clock, text: () => text };
}

test('a terminal redraws the line at most ten times a second, cut to its width', () => {
  const { line, clock, text } = screen(true);
  line.show('one');
  clock.ms = 99;
  line.show('too soon');
  clock.ms = 100;
  line.show('longer than the terminal');
  line.end('done');
  assert.equal(text(), 'one\r\x1b[2Klonger than\r\x1b[2Kdone\n');
});

test('a log file gets a new line every five seconds and nothing is erased', () => {
  const { line, clock, text } = screen(false);
  for (const ms of [0, 1000, 4999, 5000, 9000]) {
    clock.ms = ms;
    line.show(`after ${String(ms)} ms`);
  }
  line.end();
  assert.equal(text(), 'after 0 ms\nafter 5000 ms\n');
});
