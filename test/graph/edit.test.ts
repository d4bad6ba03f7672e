import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { addNode, removeNode, withGate, withNode, withTemperature } from '../../core/graph/edit.ts';
import { fromText, toText } from '../../core/graph/text.ts';
import { anyGraph } from './arbitrary.ts';

const graph = fromText('resnet32=TT@2C,resnet110=XXX:a,wrn-28-2=LTX');

describe('edits', () => {
  test('set gates and temperatures', () => {
    assert.equal(
      toText(withGate(graph, 2, 1, 'linear')),
      'resnet32=TL@2C,resnet110=XXX:a,wrn-28-2=LTX',
    );
    const cut = withGate(graph, 2, 1, 'cutoff');
    assert.equal(
      toText(withGate(cut, 2, 1, 'through')),
      'resnet32=TTC,resnet110=XXX:a,wrn-28-2=LTX',
    );
    assert.equal(
      toText(withTemperature(graph, 3, 1, 4)),
      'resnet32=TT@2C@4,resnet110=XXX:a,wrn-28-2=LTX',
    );
    assert.deepEqual(withTemperature(graph, 0, 1, 4), graph, 'labels are not softened');
  });

  test('nodes', () => {
    assert.equal(
      toText(withNode(graph, 2, { model: 'resnet8' })),
      'resnet32=TT@2C,resnet8=XXX,wrn-28-2=LTX',
    );
    assert.equal(toText(removeNode(graph, 2)), 'resnet32=TC,wrn-28-2=LT');
    assert.equal(toText(removeNode(graph, 1)), 'resnet110=XX:a,wrn-28-2=LX');
    assert.equal(
      toText(addNode(graph, { model: 'resnet8' })),
      'resnet32=TT@2CX,resnet110=XXXX:a,wrn-28-2=LTXX,resnet8=TXXX',
    );
  });

  test('adding and removing a node restores the graph, and the original never changes', () => {
    fc.assert(
      fc.property(anyGraph(6), (before) => {
        const copy = structuredClone(before);
        const added = addNode(before, { model: 'resnet8' });
        assert.deepEqual(removeNode(added, added.nodes.length), before);
        assert.deepEqual(before, copy);
      }),
    );
  });

  test('throw for a node or edge that does not exist', () => {
    assert.throws(() => withGate(graph, 1, 1, 'through'), RangeError);
    assert.throws(() => withNode(graph, 4, { model: 'resnet8' }), RangeError);
    assert.throws(() => removeNode(graph, 0), RangeError);
  });
});
