import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { command as pretrain } from '../../core/commands/pretrain.ts';
import { command as search } from '../../core/commands/search.ts';
import { command as train } from '../../core/commands/train.ts';
import { messageOf } from '../../core/base/errors.ts';
import { graphRules } from '../../core/graph/schema.ts';
import { fromText } from '../../core/graph/text.ts';
import { architecture, modelForms, modelNames, paperModels } from '../../core/models/architecture.ts';

/** The text of what `run` throws. */
function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return messageOf(error);
  }
  return assert.fail('nothing was refused');
}

describe('the list of networks', () => {
  test("begins with the paper's and names every network once", () => {
    assert.deepEqual(modelNames.slice(0, 3), [...paperModels]);
    assert.equal(new Set(modelNames).size, modelNames.length);
  });

  test('offers names that are understood as they are', () => {
    for (const name of modelNames) assert.equal(architecture(name).name, name);
  });

  test('a title is a series and a variant, and short forms differ', () => {
    const all = modelNames.map((name) => architecture(name));
    for (const { title, series, variant } of all)
      assert.ok([`${series}${variant}`, `${series}-${variant}`].includes(title), title);
    assert.equal(new Set(all.map(({ short }) => short)).size, all.length);
  });

  test('forgives case, spaces, underscores and a missing or doubled dash', () => {
    assert.equal(architecture('ResNet-32').name, 'resnet32');
    assert.equal(architecture('WRN_28 2').name, 'wrn-28-2');
    assert.equal(architecture('wrn28-2').name, 'wrn-28-2');
  });

  test('is what refusals and usage texts say', () => {
    assert.ok(refusal(() => architecture('foo')).includes(modelForms));
    assert.ok(refusal(() => fromText('foo=T')).includes(modelForms));
    assert.equal(graphRules['unknown-model'].expected, modelForms);
    for (const { usage } of [pretrain, search, train]) {
      const words = usage.replace(/\s+/g, ' ');
      assert.ok(words.includes(`${modelNames.join(', ')}; any ${modelForms}`), words);
      assert.ok(usage.split('\n').every((line) => line.length <= 120));
    }
  });
});
