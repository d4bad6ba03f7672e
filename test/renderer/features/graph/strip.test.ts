import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { stripEpochs, stripSvg } from '../../../../renderer/features/graph/strip.ts';
import { playedLab } from '../../played-lab.ts';

const lab = playedLab([{ trials: 1, epochs: 16 }]);
after(() => lab.close('at-once'));
const { graph, epochList } = await lab.request('runs.open', { run: 1 });

test('a strip has at most four epochs, from the first to the last', () => {
  assert.deepEqual(stripEpochs(200), [1, 6, 34, 200]);
  assert.deepEqual(stripEpochs(16), [1, 3, 6, 16]);
  assert.deepEqual(stripEpochs(2), [1, 2]);
  assert.deepEqual(stripEpochs(1), [1]);
});

test('every frame shows the graph with the accuracies of its epoch', () => {
  const svg = stripSvg(graph, epochList, {
    title: 'a < b',
    total: 16,
    provenance: { trial: 0 },
  });
  assert.equal(svg.match(/<svg/g)!.length, 1);
  assert.equal(svg.match(/<g transform="translate/g)!.length, 4);
  for (const epoch of [1, 3, 6, 16]) {
    assert.ok(svg.includes(`>epoch ${epoch}</text>`));
    const { accuracy } = epochList[epoch - 1]!.nodes[0]!;
    assert.ok(svg.includes(`(${(100 * accuracy!).toFixed(2)})`), `epoch ${epoch}`);
  }
  assert.ok(svg.includes('<title>a &lt; b</title>'));
  assert.doesNotMatch(svg, /NaN|undefined/);
});
