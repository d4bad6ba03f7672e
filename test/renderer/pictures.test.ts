import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pictures, picturesFolder } from './pictures.ts';

describe('pictures are drawn as the kept ones (npm run pictures keeps new ones)', () => {
  const drawn = pictures();
  for (const [name, svg] of drawn)
    test(name, () => {
      assert.equal(`${svg}\n`, readFileSync(join(picturesFolder, `${name}.svg`), 'utf8'));
    });

  test('and none is kept that is not drawn', () => {
    const kept = readdirSync(picturesFolder).map((file) => file.replace(/\.(svg|png)$/, ''));
    assert.deepEqual([...new Set(kept)].sort(), [...drawn.keys()].sort());
  });
});
