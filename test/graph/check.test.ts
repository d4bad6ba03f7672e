import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkGraph, requireTrainable } from '../../core/graph/check.ts';
import { fromText } from '../../core/graph/text.ts';

const found = (text: string, purpose?: 'train'): string[] =>
  checkGraph(fromText(text), purpose).map(
    ({ code, severity, node }) => `${severity} ${code} ${node}`,
  );

describe('checkGraph', () => {
  test('finds no problem in a valid graph', () => {
    assert.deepEqual(found('resnet8=TLX,resnet8=XXX:teacher,resnet8=XTT'), [
      'note no-path-to-target 3',
    ]);
    assert.deepEqual(found('resnet8=TL,resnet8=XX:teacher', 'train'), []);
  });

  test('a frozen target is rejected before training', () => {
    assert.deepEqual(found('resnet8=XX,resnet8=TX'), [
      'error target-frozen 1',
      'note no-path-to-target 2',
    ]);
    assert.throws(() => requireTrainable(fromText('resnet8=XX,resnet8=TX')), {
      code: 'graph.target-frozen',
      next: /Open at least one edge into node 1/,
    });
    // A checkpoint does not make a frozen target trainable.
    assert.throws(() => requireTrainable(fromText('resnet8=X:weights')), {
      code: 'graph.target-frozen',
    });
  });

  test('reports a teacher without weights only before training', () => {
    assert.deepEqual(found('resnet8=TT,resnet14=XX'), ['warning checkpoint-missing 2']);
    assert.deepEqual(found('resnet8=TT,resnet14=XX', 'train'), ['error checkpoint-missing 2']);
    assert.throws(() => requireTrainable(fromText('resnet8=TT,resnet14=XX')), {
      code: 'graph.checkpoint-missing',
      message: /Node 2/,
      next: /ktg pretrain resnet14/,
    });
    requireTrainable(fromText('resnet8=TT,resnet14=XX:teacher'));
  });

  test('reports a checkpoint of a trained node', () => {
    assert.deepEqual(found('resnet8=TT,resnet8=TT:teacher'), ['warning checkpoint-unused 2']);
  });

  test('reports a node without a path from the label or a teacher, circles included', () => {
    assert.deepEqual(found('resnet8=XT,resnet8=XT'), [
      'warning uninformed 1',
      'warning uninformed 2',
    ]);
    assert.deepEqual(found('resnet8=XT,resnet8=TX'), []);
    assert.deepEqual(found('resnet8=XT,resnet8=XX:teacher'), []);
  });

  test('notes that Correct on a label edge equals Through', () => {
    assert.deepEqual(found('resnet8=CT,resnet8=TX'), ['note label-correct 1']);
  });
});
