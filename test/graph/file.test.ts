import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { withText } from '../../core/base/png.ts';
import { LabError } from '../../core/base/errors.ts';
import { toDot } from '../../core/graph/dot.ts';
import { fromFile } from '../../core/graph/file.ts';
import { toJson } from '../../core/graph/json.ts';
import { fromText, toText } from '../../core/graph/text.ts';
import { marksSvg } from '../../renderer/charts/marks-svg.ts';
import { figure } from '../../renderer/features/graph/figure.ts';
import { figureSvg } from '../../renderer/features/graph/svg.ts';
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
  test('is equal after JSON, text, SVG, PNG and DOT, whatever its origin', () => {
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

  test('comes from the comment of a DOT file, not from a similar name', () => {
    const graph = { ...fromText('resnet8=T'), name: 'comment="{\\"graph\\":\\"resnet14=T\\"}"' };
    assert.equal(toText(fromFile(bytes(toDot(graph)))), 'resnet8=T');
  });

  test('comes from the first comment of a DOT file', () => {
    const dot = (comment: string): Uint8Array => bytes(`digraph {\n \n\t  ${comment}\n}`);
    assert.equal(toText(fromFile(dot('comment="{\\"graph\\":\\"resnet8=T\\"}";'))), 'resnet8=T');
    for (const broken of ['comment="{\\"graph\\":\\"resnet8=T\\"}', 'comment = "x"', 'comment="\\'])
      assert.equal(code(dot(broken)), 'graph.none-in-picture', broken);
  });

  test('is read or refused quickly in any 2 MB', () => {
    const fill = (begin: string, piece: string): Uint8Array =>
      bytes(begin + piece.repeat(Math.floor(2_000_000 / piece.length)));
    for (const [content, expected] of [
      [fill('digraph {', '\n'), 'graph.none-in-picture'],
      [fill('digraph {\n', ' '), 'graph.none-in-picture'],
      [fill('digraph {\n', 'comment="\\\n'), 'graph.none-in-picture'],
      [fill('<svg>', '<metadata>'), 'graph.none-in-picture'],
      [fill('resnet8=T', ' , '), 'graph.bad-text-form'],
      [fill('resnet8=T:', '%'), 'graph.bad-text-form'],
      [fill('{', '{'), 'graph.too-large'],
    ] as const)
      assert.equal(code(content), expected, new TextDecoder().decode(content.subarray(0, 20)));
    assert.equal(code(new Uint8Array((2 << 20) + 1)), 'graph.too-large');
  });

  test('a wrong file is called no graph file; a graph with a mistake is not', () => {
    const said = (text: string): string => {
      try {
        fromFile(bytes(text));
      } catch (error) {
        return (error as LabError).message;
      }
      return '';
    };
    for (const wrong of [
      '{"name":"package"}',
      '[]',
      '{"format":"ktg-space"}',
      'a,b\n1,2',
      '',
      '<svg/>',
      '\0',
    ])
      assert.match(said(wrong), /^This is not a graph file\. /, wrong);
    assert.equal(said('PK\x03\x04\0\0'), 'This is not a graph file. It contains no text.');
    for (const broken of [
      '{"format":"ktg-graph","nodes":[',
      '{"format":"ktg-graph"}',
      'resnet8=Q',
      'resnet8=',
    ])
      assert.match(said(broken), /^(?!This is not)./, broken);
  });

  test('a picture without a graph, or a truncated one, is refused', () => {
    const chart = marksSvg([], {
      width: 9,
      height: 9,
      ground: '#fff',
      title: 'Chart',
      provenance: made,
    });
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
    assert.equal(
      code(withText(PNG, 'Description', '{"graph":"resnet8=TTTT"}')),
      'graph.bad-text-form',
    );
  });
});
