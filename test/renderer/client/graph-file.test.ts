import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LabError } from '../../../core/base/errors.ts';
import { toDot } from '../../../core/graph/dot.ts';
import { MAX_GRAPH_BYTES } from '../../../core/graph/file.ts';
import { toJson } from '../../../core/graph/json.ts';
import { fromText, toText } from '../../../core/graph/text.ts';
import { graphIn } from '../../../renderer/client/graph-file.ts';
import { figure } from '../../../renderer/features/graph/figure.ts';
import { figureSvg } from '../../../renderer/features/graph/svg.ts';

const text = 'resnet8=TL,resnet14=CX';
const graph = fromText(text);
const codeOf = async (file: File): Promise<string> =>
  graphIn(file).then(
    () => 'read',
    (error: unknown) => (error instanceof LabError ? error.code : String(error)),
  );

describe('a graph file that was chosen or dropped', () => {
  test('is read whatever its name, by its content', async () => {
    const contents = [
      text,
      toJson(graph),
      toDot(graph),
      figureSvg(figure(graph), { provenance: { graph: text } }),
    ];
    for (const content of contents)
      assert.equal(toText(await graphIn(new File([content], 'graph.bin'))), text);
  });

  test('is refused with the reason when it holds no graph', async () => {
    assert.equal(await codeOf(new File(['<svg></svg>'], 'a.svg')), 'graph.none-in-picture');
    assert.equal(await codeOf(new File(['resnet8=Q'], 'a.txt')), 'graph.bad-text-form');
    assert.equal(await codeOf(new File([], 'empty.json')), 'graph.bad-text-form');
  });

  test('of more than 2 MiB is refused without being read', async () => {
    const file = new File([new Uint8Array(MAX_GRAPH_BYTES + 1)], 'large.json');
    file.arrayBuffer = () => Promise.reject(new Error('It was read.'));
    assert.equal(await codeOf(file), 'graph.too-large');
  });

  test('that is gone is named', async () => {
    const file = new File([text], 'gone.txt');
    file.arrayBuffer = () => Promise.reject(new DOMException('gone', 'NotFoundError'));
    await assert.rejects(graphIn(file), { code: 'files.unreadable', message: /^gone\.txt can/ });
  });
});
