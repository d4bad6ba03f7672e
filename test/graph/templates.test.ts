import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { graphKey } from '../../core/graph/canonical.ts';
import { checkGraph } from '../../core/graph/check.ts';
import { withGate, withTemperature } from '../../core/graph/edit.ts';
import { knownMethod, template, templates } from '../../core/graph/templates.ts';
import { toText } from '../../core/graph/text.ts';

const models = ['resnet32', 'resnet110', 'wrn-28-2'];
const text = (name: string, count: number): string =>
  toText(template(name, models.slice(0, count)));

describe('templates', () => {
  test('of three nodes equal the expected graphs', () => {
    assert.equal(text('independent', 3), 'resnet32=TXX,resnet110=TXX,wrn-28-2=TXX');
    assert.equal(text('kd', 3), 'resnet32=TT@2T@2,resnet110=XXX,wrn-28-2=XXX');
    assert.equal(text('dml', 3), 'resnet32=TTT,resnet110=TTT,wrn-28-2=TTT');
    assert.equal(text('kd+dml', 3), 'resnet32=TT@2T,resnet110=XXX,wrn-28-2=TTT@2');
  });

  test('DML and All-Through are the same graph', () => {
    const [dml, all] = [template('dml', models), template('all-through', models)];
    assert.equal(graphKey(dml), graphKey(all));
    assert.notEqual(dml.name, all.name);
  });

  test('a graph is recognised as a method by its edges', () => {
    const kd = template('kd', models);
    assert.equal(knownMethod(kd), 'KD');
    assert.equal(
      knownMethod({ ...kd, name: 'mine', nodes: kd.nodes.map(() => ({ model: 'resnet8' })) }),
      'KD',
    );
    assert.equal(knownMethod(template('all-through', models)), 'DML');
    assert.equal(knownMethod(withGate(kd, 0, 1, 'linear')), undefined);
    assert.equal(knownMethod(withTemperature(kd, 2, 1, 3)), undefined);
  });

  test('shrink with the number of nodes', () => {
    assert.equal(text('kd+dml', 2), text('kd', 2));
    for (const { name } of templates) assert.equal(text(name, 1), 'resnet32=T', name);
  });

  test('can be trained with any number of nodes when teachers have checkpoints', () => {
    for (const { name } of templates) {
      for (let count = 1; count <= 7; count++) {
        const graph = template(name, Array<string>(count).fill('ResNet-8'));
        assert.equal(graph.nodes.length, count);
        assert.equal(graph.nodes[0]!.model, 'resnet8');
        const codes = new Set(checkGraph(graph).map((problem) => problem.code));
        codes.delete('checkpoint-missing');
        if (name === 'independent') codes.delete('no-path-to-target');
        assert.deepEqual([...codes], [], `${name}, ${count} nodes`);
      }
    }
  });

  test('unknown names, unknown models and impossible numbers of nodes are refused', () => {
    assert.throws(() => template('KD', models), {
      code: 'graph.unknown-template',
      message: /"KD".*independent, kd/,
    });
    assert.throws(() => template('kd', ['resnet31']), { code: 'model.unknown' });
    for (const count of [0, 8, 9]) {
      assert.throws(() => template('kd', Array<string>(count).fill('resnet8')), {
        code: 'graph.node-count',
      });
    }
  });
});
