import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { drawShares } from '../../../../renderer/charts/shares.ts';
import { light } from '../../../../renderer/ui/colors.ts';
import { agreementOverTime, edgeSeries } from '../../../../renderer/views/trial/edge-series.ts';
import { playedLab } from '../../played-lab.ts';

const lab = playedLab([{ trials: 1, epochs: 8 }]);
after(() => lab.close('at-once'));
const view = await lab.request('runs.open', { run: 1 });
const open = view.graph.edges.find(({ source, gate }) => source !== 0 && gate !== 'cutoff')!;

test('an edge has its loss before and after the gate, its weight and share for every epoch', () => {
  const { raw, gated, weight, share } = edgeSeries(view.graph, view.epochList, open);
  assert.equal(raw.length, 8);
  assert.ok(Math.abs(raw[1]! - 0.5) < 1e-6 && Math.abs(gated[1]! - 0.25) < 1e-6);
  assert.ok(weight.every((each) => each !== null && each > 0 && each <= 1));
  const loss = view.epochList[3]!.nodes[open.destination - 1]!.trainLoss!;
  assert.ok(Math.abs(share[3]! - gated[3]! / loss) < 1e-9);
});

test('agreement adds up to all images, and is stacked to the full height', () => {
  const shares = agreementOverTime(view.graph, view.epochList, open);
  assert.equal(shares.length, 4);
  for (let at = 0; at < 8; at++)
    assert.ok(Math.abs(shares.reduce((sum, { values }) => sum + values[at]!, 0) - 1) < 1e-9);
  const marks = drawShares(shares, 8, { width: 400, height: 200 }, light);
  const areas = marks.filter((mark) => mark.kind === 'rect');
  assert.equal(areas.length, 32);
  const first = areas.slice(0, 4);
  assert.ok(Math.abs(first.reduce((sum, { height }) => sum + height, 0) - (200 - 12 - 34)) < 1e-6);
});

test('a closed edge and a run without an epoch have nothing', () => {
  const closed = view.graph.edges.find(({ gate }) => gate === 'cutoff');
  if (closed) assert.deepEqual(edgeSeries(view.graph, view.epochList, closed).raw, []);
  assert.deepEqual(agreementOverTime(view.graph, [], open), []);
});
