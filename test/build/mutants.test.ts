import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mutantsOf } from '../../build/mutants.js';

const changed = (source: string): string[] =>
  mutantsOf('one.ts', source).map(
    ({ start, end, text }) => source.slice(0, start) + text + source.slice(end),
  );

test('operators, constants, conditions and statements are changed one at a time', () => {
  assert.deepEqual(changed('const a = b + 2;'), ['const a = b - 2;', 'const a = b + (2 + 1);']);
  assert.deepEqual(changed('f(true);'), [';', 'f(false);']);
  assert.deepEqual(changed('const a = b < c ? d : e;'), [
    'const a = !(b < c) ? d : e;',
    'const a = b <= c ? d : e;',
  ]);
  assert.deepEqual(changed('if (a && b) c = 1;').slice(0, 3), [
    'if (!(a && b)) c = 1;',
    'if (a || b) c = 1;',
    'if (a && b) ;',
  ]);
});

test('types, imports and sums of texts stay', () => {
  for (const source of [
    "import { a } from './b.ts';",
    'type A = 1 | 2 | true;',
    'interface A { readonly b: 3 }',
    'let a: 1 | 2;',
    "const a = 'b' + c;",
    "const a = b + 'c' + d;",
  ])
    assert.deepEqual(changed(source), []);
});
