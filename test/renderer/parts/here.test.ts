import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { here } from '../../../renderer/parts/here.ts';

describe('next steps in the window', () => {
  test('name places of the window instead of commands', () => {
    assert.equal(
      here('Free some space, or point KTG_HOME to a folder on another disk, then run: ktg engine install'),
      'Free some space, or point KTG_HOME to a folder on another disk, then press Install in Settings, under Engine',
    );
    assert.equal(here('Go on with: ktg engine install'), 'To go on, press Install in Settings, under Engine');
    assert.equal(
      here('ktg doctor says which card is at fault; or compute on the processor (--device cpu)'),
      'Settings, under Engine, and the log say which card is at fault; or compute on the processor',
    );
    assert.equal(here('Check the path.'), 'Check the path.');
  });

  test('no command is left of all that engine, workers, search and store can say', () => {
    const said = globSync('core/{engine,graph,workers,search,store,lab}/**/*.ts').flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/'([^'\n]*\bktg (?:engine|doctor|db|graph) [^'\n]*)'/g)].map(
        ([, text]) => text!,
      ),
    );
    assert.ok(said.length > 10);
    assert.deepEqual(
      said.map(here).filter((text) => /\bktg \w/.test(text)),
      [],
    );
  });
});
