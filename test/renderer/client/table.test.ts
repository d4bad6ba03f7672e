import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toCsv } from '../../../renderer/client/table.ts';

test('cells are quoted where they must be, and no text becomes a formula', () => {
  assert.equal(
    toCsv(
      ['a', 'b,c'],
      [
        ['x "y"', 1.5],
        ['=1+1', null],
        [-3, 'line\nbreak'],
        ['@x', undefined],
      ],
    ),
    'a,"b,c"\r\n"x ""y""",1.5\r\n\'=1+1,\r\n-3,"line\nbreak"\r\n\'@x,\r\n',
  );
});

test('where numbers were made stands at the end of every row', () => {
  assert.equal(
    toCsv(['a'], [[1], [2]], { seed: 7, revision: null, study: 'x, y', devices: ['cpu'] }),
    'a,made.seed,made.study,made.devices\r\n1,7,"x, y","[""cpu""]"\r\n2,7,"x, y","[""cpu""]"\r\n',
  );
});
