import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { liveLine } from '../../core/base/live-line.js';
import { terminalJson, terminalText } from '../../core/base/terminal-text.js';
import { LiveBlock } from '../../core/commands/live-block.ts';
import { graphText } from '../../core/commands/terminal.ts';
import { fromText } from '../../core/graph/text.ts';

/** Colours, titles, cursor moves, C1's one-byte forms, a backspace and a turned line. */
const HOSTILE = 'a\x1b[31mb\x1b]0;title\x07c\x9b2Jd\x08e\u202ef\rg\x7f';
const SHOWN = 'a\\x1b[31mb\\x1b]0;title\\x07c\\x9b2Jd\\x08e\\u202ef\\x0dg\\x7f';

test('terminalText escapes control characters', () => {
  assert.equal(terminalText(HOSTILE), SHOWN);
  assert.equal(terminalText('one\r\ntwo\n\tthree é 漢 😀'), 'one\ntwo\n\tthree é 漢 😀');
});

test('terminalJson keeps the value', () => {
  const json = terminalJson(JSON.stringify({ text: HOSTILE }));
  assert.doesNotMatch(json, /[\p{Cc}\p{Bidi_Control}]/u);
  assert.deepEqual(JSON.parse(json), { text: HOSTILE });
});

test('redrawn lines escape control characters too', () => {
  let written = '';
  const stream = {
    isTTY: true,
    columns: 200,
    rows: 20,
    write: (text: string) => {
      written += text;
    },
  };
  liveLine(stream).show(HOSTILE);
  const block = new LiveBlock(stream as unknown as NodeJS.WriteStream);
  block.print(HOSTILE);
  block.show([HOSTILE]);
  assert.equal(written, `${SHOWN}${SHOWN}\n${SHOWN}\n`);
});

test('lasting lines above redrawn ones wrap at words and hold no marks of colours', () => {
  let written = '';
  const stream = { isTTY: true, columns: 44, write: (text: string) => (written += text) };
  const block = new LiveBlock(stream as unknown as NodeJS.WriteStream);
  const graph = graphText(fromText('resnet8=TX,resnet8=CL'), { columns: 44, isColored: true });
  block.print(`trial 0  ${graph}  completed (a starting point)`);
  const plain = stripVTControlCharacters(written);
  assert.equal(plain, 'trial 0  R8 TX · R8 CL  completed (a\n  starting point)\n');
});
