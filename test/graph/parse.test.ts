import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { LabError } from '../../core/base/errors.ts';
import { fromJson, toJson } from '../../core/graph/json.ts';
import { parseGraph } from '../../core/graph/parse.ts';
import { anyGraph } from './arbitrary.ts';

const sound = {
  format: 'ktg-graph',
  version: 1,
  nodes: [{ model: 'ResNet32' }, { model: 'wrn_28_2', checkpoint: 'w.safetensors' }],
  edges: [
    { source: 2, destination: 1, gate: 'linear', temperature: 2 },
    { source: 0, destination: 1, gate: 'through' },
  ],
};
const node = { model: 'resnet8' };
const edge = { source: 0, destination: 1, gate: 'through' };

describe('parseGraph', () => {
  test('returns the normal form of a file', () => {
    const before = structuredClone(sound);
    assert.deepEqual(parseGraph(sound), {
      format: 'ktg-graph',
      version: 1,
      nodes: [{ model: 'resnet32' }, { model: 'wrn-28-2', checkpoint: 'w.safetensors' }],
      edges: [
        { source: 0, destination: 1, gate: 'through' },
        { source: 2, destination: 1, gate: 'linear', temperature: 2 },
        { source: 0, destination: 2, gate: 'cutoff' },
        { source: 1, destination: 2, gate: 'cutoff' },
      ],
    });
    assert.deepEqual(sound, before, 'the input is left alone');
  });

  test('files round trip with or without Cutoff edges', () => {
    fc.assert(
      fc.property(anyGraph(7), (graph) => {
        assert.deepEqual(fromJson(toJson(graph)), graph);
        const open = graph.edges.filter(({ gate }) => gate !== 'cutoff');
        assert.deepEqual(parseGraph({ ...graph, edges: open.toReversed() }), graph);
      }),
    );
  });

  test('ignores the origin of a graph', () => {
    assert.deepEqual(parseGraph({ ...sound, made: { seed: 7 } }), parseGraph(sound));
  });

  test('shows an example of a missing key', () => {
    const { format: _, ...lacking } = sound;
    try {
      parseGraph(lacking);
      assert.fail('it has no format');
    } catch (error) {
      assert.ok(error instanceof LabError);
      const example = /\{.*\}/.exec(error.next)![0];
      assert.equal(fromJson(example).nodes.length, 1);
    }
  });

  const bad: [code: string, place: RegExp, change: object][] = [
    ['wrong-format', /format: found "onnx", expected "ktg-graph"/, { format: 'onnx' }],
    ['missing-key', /graph has no format\.$/, { format: undefined }],
    ['wrong-version', /version: found 3, expected version 1 or 2/, { version: 3 }],
    ['wrong-version', /version: found "1"/, { version: '1' }],
    ['unknown-key', /colour: found 3/, { colour: 3 }],
    ['wrong-type', /name: found 7, expected string/, { name: 7 }],
    ['bad-text', /name/, { name: 'two\nlines' }],
    ['bad-text', /name/, { name: '\uD800' }],
    ['too-long', /name/, { name: 'x'.repeat(201) }],
    ['wrong-type', /nodes: found an object, expected Array/, { nodes: {} }],
    ['node-count', /nodes: found a list of 0, expected 1 to 7/, { nodes: [] }],
    ['node-count', /nodes: found a list of 8/, { nodes: Array(8).fill(node) }],
    ['node-count', /nodes: found a list of 9/, { nodes: Array(9).fill(node) }],
    ['unknown-model', /nodes\[1\]\.model: found "vgg16"/, { nodes: [node, { model: 'vgg16' }] }],
    ['unknown-model', /nodes\[0\]\.model/, { nodes: [{ model: '__proto__' }] }],
    ['wrong-type', /nodes\[0\]\.model: found 8/, { nodes: [{ model: 8 }] }],
    ['missing-key', /graph has no nodes\[0\]\.model\.$/, { nodes: [{}] }],
    ['wrong-type', /nodes\[0\]: found null/, { nodes: [null] }],
    ['bad-text', /nodes\[0\]\.checkpoint: found ""/, { nodes: [{ ...node, checkpoint: '' }] }],
    ['too-long', /nodes\[0\]\.checkpoint/, { nodes: [{ ...node, checkpoint: 'x'.repeat(4097) }] }],
    ['unknown-key', /nodes\[0\]\.frozen: found true/, { nodes: [{ ...node, frozen: true }] }],
    [
      'unknown-gate',
      /edges\[0\]\.gate: found "Through".*through, cutoff/,
      { edges: [{ ...edge, gate: 'Through' }] },
    ],
    [
      'unknown-gate',
      /edges\[0\]\.gate: found "toString"/,
      { edges: [{ ...edge, gate: 'toString' }] },
    ],
    ['unknown-gate', /edges\[0\]\.gate: found a list/, { edges: [{ ...edge, gate: ['through'] }] }],
    [
      'self-edge',
      /edges\[1\]\.destination: found 2/,
      { edges: [edge, { ...edge, source: 2, destination: 2 }] },
    ],
    [
      'no-such-node',
      /edges\[0\]\.source: found 3, expected a node up to 2/,
      { edges: [{ ...edge, source: 3 }] },
    ],
    ['no-such-node', /edges\[0\]\.source: found 1e\+99/, { edges: [{ ...edge, source: 1e99 }] }],
    ['no-such-node', /edges\[0\]\.source: found -1/, { edges: [{ ...edge, source: -1 }] }],
    ['no-such-node', /edges\[0\]\.destination: found 0/, { edges: [{ ...edge, destination: 0 }] }],
    [
      'no-such-node',
      /edges\[0\]\.destination: found 1\.5/,
      { edges: [{ ...edge, destination: 1.5 }] },
    ],
    ['wrong-type', /edges\[0\]\.source: found "0"/, { edges: [{ ...edge, source: '0' }] }],
    ['wrong-type', /edges\[0\]\.source: found NaN/, { edges: [{ ...edge, source: NaN }] }],
    [
      'duplicate-edge',
      /edges\[2\]: found "0 -> 1 again"/,
      { edges: [edge, { ...edge, source: 2 }, edge] },
    ],
    ['too-many-edges', /edges: found a list of 1000000/, { edges: Array(1e6).fill(edge) }],
    [
      'label-temperature',
      /edges\[0\]\.temperature: found 2/,
      { edges: [{ ...edge, temperature: 2 }] },
    ],
    ...[0, -1, NaN, Infinity, 1001, '2', null].map((temperature): [string, RegExp, object] => [
      'bad-temperature',
      /edges\[0\]\.temperature: found .*above 0/,
      { edges: [{ ...edge, source: 2, temperature }] },
    ]),
  ];
  for (const [code, message, change] of bad) {
    test(`refuses ${code}: ${message.source}`, () => {
      const input = Object.fromEntries(
        Object.entries({ ...sound, ...change }).filter(([, value]) => value !== undefined),
      );
      assert.throws(
        () => parseGraph(input),
        (error) => {
          assert.ok(error instanceof LabError);
          assert.equal(error.code, `graph.${code}`);
          assert.match(error.message, message);
          assert.notEqual(error.next, '');
          assert.ok(error.message.length < 400, 'a line, whatever came in');
          return true;
        },
      );
    });
  }

  test('refuses inherited property names as unknown keys', () => {
    for (const key of ['__proto__', 'constructor', 'toString']) {
      const text = JSON.stringify(sound).replace('{', `{"${key}":{},`);
      assert.throws(() => fromJson(text), { code: 'graph.unknown-key' }, key);
    }
  });

  test('returns a graph or throws a LabError for any input', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withSparseArray: true }),
        (input) => {
          for (const each of [input, { ...sound, nodes: input }, { ...sound, edges: [input] }]) {
            assert.throws(() => parseGraph(each), LabError);
          }
        },
      ),
    );
  });

  test('refuses texts that are not JSON or too long', () => {
    assert.throws(() => fromJson('resnet32'), {
      code: 'graph.not-json',
      message: /not JSON: .*position 0|not JSON/,
    });
    assert.throws(() => fromJson(''), { code: 'graph.not-json' });
    assert.throws(() => fromJson(' '.repeat(2 ** 20 + 1)), { code: 'graph.too-large' });
    assert.throws(() => fromJson('['.repeat(1e5)), { code: 'graph.not-json' });
    assert.equal(fromJson(`\uFEFF${JSON.stringify(sound)}`).nodes.length, 2);
  });
});
