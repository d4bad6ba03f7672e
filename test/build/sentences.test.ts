import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sentencesOf } from '../../build/sentences.js';

test('strings, templates and sums of strings are listed with their lines', () => {
  const code = [
    "import { a } from 'two words';",
    "const plain = 'A run has ended.';",
    'const template = `Run ${number} has ${more ? "no result yet" : ""}.`;',
    "const sum = 'The first half, ' +",
    "  'the second half.';",
  ].join('\n');
  assert.deepEqual(sentencesOf('a.ts', code), [
    { line: 2, text: 'A run has ended.' },
    { line: 3, text: 'Run {…} has {…}.' },
    { line: 3, text: 'no result yet' },
    { line: 4, text: 'The first half, the second half.' },
  ]);
});

test('a label of one word is listed, other single words are not', () => {
  const code = "const column = { label: 'Epochs', kind: 'number', name: 'file_name.json' };";
  assert.deepEqual(sentencesOf('a.ts', code), [{ line: 1, text: 'Epochs' }]);
});

test('SQL, styles and addresses are not listed', () => {
  const code = [
    "db.prepare('SELECT id FROM run WHERE id = ?');",
    "const style = 'color: red; margin: 0 auto;';",
    'const place = `#/studies/${id}?from=a b`;',
  ].join('\n');
  assert.deepEqual(sentencesOf('a.ts', code), []);
});

test('a component lists its texts, its visible attributes and the strings of its script', () => {
  const code = [
    '<script lang="ts">',
    "  const note = 'No trial yet.';",
    '</script>',
    '<p class="two words" title="Time left">',
    '  Trial <b>{number}</b> has ended.',
    '</p>',
    "<button aria-label={`Open trial ${number}`}>{open ? 'Close the trial' : 'Open'}</button>",
  ].join('\n');
  assert.deepEqual(sentencesOf('A.svelte', code), [
    { line: 2, text: 'No trial yet.' },
    { line: 4, text: 'Time left' },
    { line: 5, text: 'Trial {…} has ended.' },
    { line: 7, text: 'Open trial {…}' },
    { line: 7, text: 'Close the trial' },
  ]);
});

test('the lines of a component with a script are those of its file', () => {
  const code = "<p>Before the script</p>\n\n<script>\n\n  const late = 'Two words';\n</script>\n";
  assert.deepEqual(sentencesOf('A.svelte', code), [
    { line: 1, text: 'Before the script' },
    { line: 5, text: 'Two words' },
  ]);
});
