import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { command as pretrain } from '../../core/commands/pretrain.ts';
import { command as search } from '../../core/commands/search.ts';
import { command as train } from '../../core/commands/train.ts';
import { usageOf } from '../../core/commands/usage.ts';
import { messageOf } from '../../core/base/errors.ts';
import { graphRules } from '../../core/graph/schema.ts';
import { fromText } from '../../core/graph/text.ts';
import { stageSizes } from '../../core/models/cost.ts';
import { initialParameters } from '../../core/models/initialise.ts';
import { parameterCount, sizeOf, tensors } from '../../core/models/tensors.ts';
import {
  architecture,
  modelForms,
  modelNames,
  paperModels,
} from '../../core/models/architecture.ts';

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

  test('offers only names in their usual spelling', () => {
    for (const name of modelNames) assert.equal(architecture(name).name, name);
  });

  test('a title is a series and a variant, and short forms differ', () => {
    const all = modelNames.map((name) => architecture(name));
    for (const { title, series, variant } of all)
      assert.ok([`${series}${variant}`, `${series}-${variant}`].includes(title), title);
    assert.equal(new Set(all.map(({ short }) => short)).size, all.length);
  });

  test('accepts any case, spaces, underscores and a missing or doubled dash', () => {
    assert.equal(architecture('ResNet-32').name, 'resnet32');
    assert.equal(architecture('WRN_28 2').name, 'wrn-28-2');
    assert.equal(architecture('wrn28-2').name, 'wrn-28-2');
    assert.equal(architecture('VGG-13').name, 'vgg13');
    assert.equal(architecture('MobileNet V2 half').name, 'mobilenetv2-half');
  });

  test('refuses similar but unknown names', () => {
    for (const name of [
      'resnet50x',
      'resnet101',
      'vgg16',
      'vgg',
      'mobilenetv2',
      'wrn-28',
      'constructor',
    ])
      assert.throws(() => architecture(name), { code: 'model.unknown' }, name);
  });

  test('appears in error messages and usage texts', () => {
    assert.ok(refusal(() => architecture('foo')).includes(modelForms));
    assert.ok(refusal(() => fromText('foo=T')).includes(modelForms));
    assert.equal(graphRules['unknown-model'].expected, modelForms);
    for (const usage of [pretrain, search, train].map(usageOf)) {
      const words = usage.replace(/\s+/g, ' ');
      assert.ok(words.includes(`${modelNames.join(', ')}; any ${modelForms}`), words);
      assert.ok(usage.split('\n').every((line) => line.length <= 100));
    }
  });
});

/** Pixels on a side of the images that people may have. */
const SIDES = [32, 64, 96, 128];

describe('every network that is offered', () => {
  for (const name of modelNames) {
    test(`${name}: names each tensor once and ends every stage`, () => {
      for (const side of SIDES) {
        const model = architecture(name, { side });
        const names = tensors(model, 10).map((spec) => spec.name);
        assert.equal(new Set(names).size, names.length);
        assert.deepEqual(names.slice(-2), ['head/fc/kernel', 'head/fc/bias']);
        const sizes = stageSizes(model);
        assert.ok(sizes.length >= 3);
        for (const [place, stage] of sizes.entries()) {
          assert.equal(stage.name, `s${place + 1}`);
          const before = sizes[place - 1];
          if (before) assert.ok([1, 2].includes(before.side / stage.side), stage.name);
        }
      }
    });
  }

  test('has the same parameters for every size of images up to 64 px', () => {
    for (const name of modelNames) {
      const counts = [32, 64].map((side) => parameterCount(architecture(name, { side }), 10));
      assert.equal(counts[0], counts[1], name);
    }
  });
});

describe('initial values follow the published code', () => {
  /** Mean and standard deviation of a tensor of fresh parameters. */
  function drawn(name: string, tensor: string, classes = 100): { mean: number; deviation: number } {
    const model = architecture(name);
    const flat = initialParameters(model, classes, 11, 1);
    let offset = 0;
    for (const spec of tensors(model, classes)) {
      const part = flat.subarray(offset, (offset += sizeOf(spec.shape)));
      if (spec.name !== tensor) continue;
      const mean = part.reduce((sum, value) => sum + value, 0) / part.length;
      const squares = part.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      return { mean, deviation: Math.sqrt(squares / part.length) };
    }
    return assert.fail(`${name} has no ${tensor}`);
  }

  const expected = [
    ['resnet18', 's2/b1/short/conv', Math.sqrt(2 / 128)],
    ['resnet18', 'head/fc/kernel', 1 / Math.sqrt(512) / Math.sqrt(3)],
    ['resnet34', 's4/b3/conv2', Math.sqrt(2 / (9 * 512))],
    ['vgg8', 's4/conv1/kernel', Math.sqrt(2 / (9 * 512))],
    ['vgg13', 'head/fc/kernel', 0.01],
    ['mobilenetv2-half', 's4/b4/depthwise', Math.sqrt(2 / (9 * 480))],
    ['mobilenetv2-half', 'head/conv', Math.sqrt(2 / 1280)],
    ['mobilenetv2-half', 'head/fc/kernel', 0.01],
  ] as const;
  for (const [name, tensor, deviation] of expected) {
    test(`${name}, ${tensor}: mean 0, deviation ${deviation.toPrecision(3)}`, () => {
      const found = drawn(name, tensor);
      assert.ok(Math.abs(found.mean) < 0.05 * deviation, `mean ${found.mean}`);
      assert.ok(Math.abs(found.deviation / deviation - 1) < 0.05, `deviation ${found.deviation}`);
    });
  }

  test('biases of convolutions and of RepDistiller are 0, of torchvision uniform', () => {
    assert.equal(drawn('vgg8', 's1/conv1/bias').deviation, 0);
    assert.equal(drawn('vgg8', 'head/fc/bias').deviation, 0);
    assert.ok(drawn('resnet18', 'head/fc/bias').deviation > 0.01);
  });
});
