import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { checkGraph } from '../../../core/graph/check.ts';
import { fromText } from '../../../core/graph/text.ts';
import { here } from '../../../renderer/client/here.ts';

describe('next steps in the window', () => {
  test('name places of the window instead of commands', () => {
    assert.equal(
      here(
        'Free some space, or point KTG_HOME to a folder on another disk, then run: ktg engine install',
      ),
      'Free some space, or point KTG_HOME to a folder on another disk, then press Install in Settings, under Engine',
    );
    assert.equal(
      here('Go on with: ktg engine install'),
      'To go on, press Install in Settings, under Engine',
    );
    assert.equal(
      here('ktg doctor says which card is at fault; or compute on the processor (--device cpu)'),
      'Settings, under Engine, and the log say which card is at fault; or compute on the processor',
    );
    const [problem] = checkGraph(fromText('resnet32=TT,resnet110=XX'));
    assert.equal(
      here(problem!.next),
      'A search or a re-run trains one first; or choose one at the node, or open an edge into node 2.',
    );
    assert.equal(here('Check the path.'), 'Check the path.');
  });

  test('speak of choosing and dropping, not of paths and options', () => {
    assert.equal(
      here(
        'Set KTG_DATA_MIRROR to the address of a folder that has cifar-100-binary.tar.gz, put that file into /home/me/data, or name it where cifar100 is asked for (--data PATH).',
      ),
      'Or fetch cifar-100-binary.tar.gz in another way and choose it here, or put it into /home/me/data.',
    );
    assert.equal(
      here('Give the path of an archive (.tar.gz or .tar) or of a folder with the .bin files.'),
      'Choose or drop an archive (.tar.gz or .tar), or a folder with the .bin files.',
    );
    assert.equal(here('Connect again.'), 'It is opened again by itself; then try once more.');
  });

  test('no command and no option is left of all that the lab can say', () => {
    /** What only the command line can meet: its own folders and its server. */
    const elsewhere = /run-folder|serve\.ts|guard\.ts/;
    const spoken = /\bktg (?:[a-z]+)|(?<![\w-])--[a-z]+\b|npm run/;
    const said = globSync(
      'core/{data,devices,engine,graph,workers,search,store,lab,train,study}/**/*.ts',
    )
      .filter((file) => !elsewhere.test(file))
      .flatMap((file) =>
        readFileSync(file, 'utf8')
          .split('\n')
          .filter((line) => !/^\s*(?:\*|\/[/*])/.test(line)) // comments
          .flatMap((line) =>
            [...line.matchAll(/(['`])((?:(?!\1).)*)\1/g)].map(([, , text]) => text!),
          ),
      )
      .map((text) => text.replaceAll(/\$\{[^{}]*\}/g, 'x'))
      .filter(
        (text) =>
          /[A-Za-z]+ [a-z]+ /.test(text) &&
          spoken.test(text) &&
          !/^ktg |^--|sudo|--gpus/.test(text),
      );
    assert.ok(said.length > 20, `${said.length}`);
    assert.deepEqual(
      said.map(here).filter((text) => spoken.test(text)),
      [],
    );
  });
});
