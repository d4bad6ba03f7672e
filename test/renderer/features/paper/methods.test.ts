import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { withSpaceEnsemble } from '../../../../core/graph/space.ts';
import { recipeFor, withResizedCrop } from '../../../../core/study/recipe.ts';
import { methodsText } from '../../../../renderer/features/paper/methods.ts';
import { playedLab } from '../../played-lab.ts';

const lab = playedLab([{ trials: 20, epochs: 8 }]);
after(() => lab.close('at-once'));
const view = await lab.request('studies.open', { study: 1 });

test('the methods name data, protocol, space, search, recipe, seeds, versions and devices', () => {
  const text = methodsText({
    card: view,
    data: 'CIFAR-100',
    rungs: view.rungs,
    reruns: [],
    provenance: { version: '0.1.0', engine: 'tensorflow 2.21.0', device: 'NVIDIA H100' },
  });
  for (const part of [
    'graphs of 3 nodes on CIFAR-100: 20 % of the training images were held out',
    'allows the networks ResNet8, ResNet14.',
    '20 trials of 20 were trained',
    'seed 1), each for up to 8 epochs; at epochs 1, 2, 4 the better half of all so far',
    'The accuracy of node 1 counts.',
    'batches of 64 images, Nesterov momentum 0.9, weight decay 0.0005 and a learning rate of 0.1, ' +
      'multiplied by 0.1 from epochs 2, 5, 7 on.',
    'cropped from images padded by 4 reflected pixels.',
    'Software: KTG lab 0.1.0, tensorflow 2.21.0, on NVIDIA H100.',
  ])
    assert.ok(text.includes(part), `${part}\n${text}`);
  assert.doesNotMatch(text, /undefined|NaN|\.\.| {2}/);
});

test('the methods name an ensemble as the judged output, and the parts of another recipe', () => {
  const { plan } = view.study;
  const recipe = { ...withResizedCrop(recipeFor(8, 'repdistiller')), warmup: 2 };
  const space = withSpaceEnsemble(plan.space, { combine: 'logits', isObjective: true });
  const textOf = (training: Partial<typeof plan.training>): string =>
    methodsText({
      card: {
        ...view,
        study: {
          ...view.study,
          plan: { ...plan, space, training: { ...plan.training, ...training } },
        },
      },
      ...{ data: 'CIFAR-100', rungs: [], reruns: [], provenance: {} },
    });
  for (const part of [
    'The accuracy of the ensemble counts: an ensemble combines all networks by the mean of their logits.',
    ', momentum 0.9, weight decay 0.0005 and a learning rate of 0.05 after a linear warm-up of 2 epochs',
    'replaced by resized parts of at least 8 % of their area, then normalised by mean',
    'pretrained networks normalised by their running statistics.',
  ])
    assert.ok(textOf({ recipe }).includes(part), `${part}\n${textOf({ recipe })}`);
  assert.match(
    textOf({ recipe: recipeFor(8, 'cosine') }),
    /rate of 0\.1, decayed to 0 along a cosine\./,
  );
});
