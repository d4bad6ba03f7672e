import assert from 'node:assert/strict';
import { after, test } from 'node:test';
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
    'batches of 64 images, momentum 0.9, weight decay 0.0005 and a learning rate of 0.1',
    'Software: KTG lab 0.1.0, tensorflow 2.21.0, on NVIDIA H100.',
  ])
    assert.ok(text.includes(part), `${part}\n${text}`);
  assert.doesNotMatch(text, /undefined|NaN|\.\.| {2}/);
});
