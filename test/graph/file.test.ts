import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { withText } from '../../core/base/png.ts';
import { LabError } from '../../core/base/errors.ts';
import { toDot } from '../../core/graph/dot.ts';
import { fromFile } from '../../core/graph/file.ts';
import { toJson } from '../../core/graph/json.ts';
import { fromText, toText } from '../../core/graph/text.ts';
import { marksSvg } from '../../renderer/charts/marks.ts';
import { figure } from '../../renderer/graph/figure.ts';
import { figureSvg } from '../../renderer/graph/svg.ts';
import { anyGraph } from './arbitrary.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const made = { study: 'a "b" \\ <c> & \'d\'\ncomment="x"', seed: 7 };
/** The smallest picture: 1 x 1, grey. */
const PNG = new Uint8Array(
  Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==',
    'base64',
  ),
);

const code = (content: Uint8Array): string => {
  try {
    fromFile(content);
  } catch (error) {
    if (error instanceof LabError) return error.code;
  }
  return 'nothing is wrong';
};

describe('a graph from a file', () => {
  test('comes back the same from JSON, text, SVG, PNG and DOT, whatever is said of its origin', () => {
    fc.assert(
      fc.property(anyGraph(5), (graph) => {
        const { name: _, ...nameless } = graph;
        const origin = { graph: toText(graph), ...made };
        assert.deepEqual(fromFile(bytes(toJson(graph, made))), graph);
        assert.deepEqual(fromFile(bytes(`\ufeff${toJson(graph)}`)), graph);
        for (const content of [
          bytes(` ${toText(graph)}\n`),
          bytes(figureSvg(figure(graph), { provenance: origin })),
          withText(PNG, 'Description', JSON.stringify(origin)),
          bytes(toDot(graph, [], made)),
        ])
          assert.deepEqual(fromFile(content), nameless);
      }),
      { numRuns: 50 },
    );
  });

  test('a DOT file is read by its comment, not by a name that looks like one', () => {
    const graph = { ...fromText('resnet8=T'), name: 'comment="{\\"graph\\":\\"resnet14=T\\"}"' };
    assert.equal(toText(fromFile(bytes(toDot(graph)))), 'resnet8=T');
  });

  test('a picture that shows no graph, or is cut off, is refused', () => {
    const chart = marksSvg([], { width: 9, height: 9, ground: '#fff', title: 'Chart', provenance: made });
    const whole = withText(PNG, 'Description', JSON.stringify({ graph: 'resnet8=T' }));
    for (const content of [
      bytes(chart),
      bytes('<svg xmlns="http://www.w3.org/2000/svg"></svg>'),
      bytes('digraph { 1 -> 2 }'),
      PNG,
      PNG.subarray(0, 8),
      whole.subarray(0, 60),
      withText(PNG, 'Description', '{"graph":7}'),
      withText(PNG, 'Description', 'not JSON'),
    ])
      assert.equal(code(content), 'graph.none-in-picture');
    assert.equal(code(withText(PNG, 'Description', '{"graph":"resnet8=TTTT"}')), 'graph.bad-text-form');
  });
});
