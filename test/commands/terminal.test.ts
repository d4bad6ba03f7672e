import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  fittingColumns,
  graphText,
  printedWidth,
  terminalLines,
  terminalOf,
  type Terminal,
} from '../../core/commands/terminal.ts';
import { fromText, toText } from '../../core/graph/text.ts';

const graph = fromText('resnet32=LTX,resnet110=CCL,wrn-28-2=TT@2X');
const narrow: Terminal = { columns: 40, isColored: false };
const colored: Terminal = { columns: 80, isColored: true };
const pipe = terminalOf({}, {});

test('a pipe is not wrapped and has no colours; NO_COLOR and dumb terminals have none', () => {
  assert.deepEqual(pipe, { columns: Infinity, isColored: false });
  const tty = { isTTY: true, columns: 100 };
  assert.deepEqual(terminalOf(tty, {}), { columns: 100, isColored: true });
  assert.equal(terminalOf(tty, { NO_COLOR: '1' }).isColored, false);
  assert.equal(terminalOf(tty, { TERM: 'dumb' }).isColored, false);
});

test('a graph is short on a terminal, its letters in the colours of their gates', () => {
  const short = graphText(graph, colored);
  assert.equal(printedWidth(short), 'R32 LTX · R110 CCL · W28-2 TT@2X'.length);
  assert.equal(terminalLines(short, narrow), 'R32 LTX · R110 CCL · W28-2 TT@2X');
  assert.ok(terminalLines(short, colored).includes('\x1b[1;38;2;148;69;216mT\x1b[0m@2'));
  assert.equal(terminalLines(graphText(graph, pipe), pipe), toText(graph));
});

test('long lines wrap at words and keep their indent; short ones stay', () => {
  const text = '  one two three four five six seven eight nine\nshort';
  assert.deepEqual(terminalLines(text, narrow).split('\n'), [
    '  one two three four five six seven',
    '    eight nine',
    'short',
  ]);
  assert.equal(terminalLines(text, pipe), text);
  const word = 'x'.repeat(60);
  assert.equal(terminalLines(`a ${word} b`, narrow), `a\n  ${word}\n  b`);
});

test('the columns of a table that do not fit are left out; narrower ones after them stay', () => {
  assert.deepEqual(
    fittingColumns([10, 10, 10, 20], { columns: 60, isColored: false }),
    [0, 1, 2, 3],
  );
  assert.deepEqual(fittingColumns([10, 10, 10, 20], narrow), [0, 1, 2]);
  assert.deepEqual(fittingColumns([10, 10, 30, 10], narrow), [0, 1, 3]);
  assert.deepEqual(fittingColumns([50, 50, 10], narrow), [0, 1]);
  assert.deepEqual(fittingColumns([50, 50, 10], pipe), [0, 1, 2]);
});
