import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromText } from '../../../../core/graph/text.ts';
import type { RerunView } from '../../../../core/lab/api.ts';
import { evidenceOf } from '../../../../renderer/views/compare/evidence.ts';
import { trial } from '../../rows.ts';

const [mine, other, third] = ['resnet32=TC,resnet110=LT', 'resnet32=TT,resnet32=TT', 'resnet8=T'];

/** A re-run whose variants have these accuracies from the seeds 1, 2, ... */
const rerun = (epochs: number, variants: Record<string, number[]>, firstSeed = 1): RerunView =>
  ({
    rerun: { training: { data: 'd', protocol: 'paper', purpose: 'final', epochs, recipe: {} } },
    variants: Object.entries(variants).map(([text, accuracies]) => ({
      graph: fromText(text),
      runs: [trial(1, {}, text)],
      values: accuracies.map((accuracy, at) => ({ seed: firstSeed + at, accuracy })),
    })),
  }) as unknown as RerunView;

const graphs = [mine, other, third].map((text) => fromText(text));

test('seeds of one kind of training are compared, pairs where re-runs share seeds', () => {
  const found = evidenceOf(
    graphs,
    [
      rerun(16, { [mine]: [0.72, 0.73, 0.75], [other]: [0.7, 0.71, 0.72] }),
      rerun(16, { [third]: [0.5, 0.52] }, 90),
      rerun(200, { [mine]: [0.9, 0.91] }),
    ],
    0,
  )!;
  assert.equal(found.training.epochs, 16);
  assert.deepEqual(
    found.seeds.map(({ size }) => size),
    [3, 3, 2],
  );
  const [own, pairs, apart] = found.comparisons;
  assert.equal(own, null);
  assert.equal(pairs!.paired!.df, 2);
  assert.ok(apart!.paired === null && apart!.significant);
});

test('a reference without seeds gives way to a graph with some; one graph alone is no comparison', () => {
  const both = rerun(16, { [mine]: [0.72, 0.73], [other]: [0.7, 0.71] });
  assert.equal(evidenceOf(graphs, [both], 2)!.reference, 0);
  assert.equal(evidenceOf(graphs, [rerun(16, { [mine]: [0.72, 0.73] })], 0), null);
  assert.equal(evidenceOf(graphs, [], 0), null);
});
