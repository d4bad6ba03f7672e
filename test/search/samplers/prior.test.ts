import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stream } from '../../../core/base/random.ts';
import { planFrom } from '../../../core/commands/plan.ts';
import { isFrozen, nodeNumbers } from '../../../core/graph/graph.ts';
import { dimensions, paperSpace, withGates } from '../../../core/graph/space.ts';
import { priorOf, unknownWeights } from '../../../core/search/prior.ts';
import { sampleTrial } from '../../../core/search/sampler.ts';
import { drawSetting, gainOf } from '../../../core/search/samplers/prior.ts';
import type { Prior } from '../../../core/search/samplers/prior.ts';
import type { StudyPlan } from '../../../core/study/plan.ts';
import { plan } from '../../contract/samples.ts';

const space = paperSpace(3, 'resnet8', ['resnet8', 'resnet20']);
const shareOf = (change: Partial<StudyPlan>, isCounted: (graph: Graph) => boolean): number => {
  const trials = Array.from({ length: 600 }, (_, at) => sampleTrial(plan(change), at).graph);
  return trials.filter(isCounted).length / trials.length;
};
type Graph = ReturnType<typeof sampleTrial>['graph'];
const hasFrozen = (graph: Graph): boolean =>
  nodeNumbers(graph).some((node) => isFrozen(graph, node));
/** Four standard deviations of a share of 600. */
const about = (found: number, wanted: number): void => {
  assert.ok(Math.abs(found - wanted) < 4 * Math.sqrt((wanted * (1 - wanted)) / 600), `${found}`);
};

void describe('weights of draws', () => {
  for (const sampler of ['random', 'tpe'] as const)
    void test(`a third of the graphs of ${sampler} has a frozen node where that is wished`, () => {
      about(shareOf({ space, sampler }, hasFrozen), 1 - (1 - 4 ** -3) ** 2);
      about(shareOf({ space, sampler, prior: { frozen: 1 / 3 } }, hasFrozen), 1 / 3);
    });

  void test('architectures and gates are drawn by their weights', () => {
    const prior = { weights: { resnet20: 3, cutoff: 0.5 } };
    about(
      shareOf({ space, prior }, ({ nodes }) => nodes[1]!.model === 'resnet20'),
      0.75,
    );
    about(
      shareOf({ space, prior }, ({ edges }) => edges[4]!.gate === 'cutoff'),
      1 / 7,
    );
  });

  void test('spaces without frozen nodes, and those that freeze enough by themselves, stay', () => {
    const share = (change: Partial<StudyPlan>): number =>
      priorOf(plan({ prior: { frozen: 1 / 3 }, ...change }))!.share;
    assert.equal(share({ space: { ...space, frozen: false } }), 0);
    const locked = [0, 1, 3].reduce((all, source) => withGates(all, source, 2, ['cutoff']), space);
    assert.equal(share({ space: locked }), 0);
    assert.equal(share({ space: paperSpace(1) }), 0);
    assert.equal(priorOf(plan()), null);
  });

  void test('how likely a setting is said to be is how often it is drawn', () => {
    const prior: Prior = {
      weights: [
        [0.25, 0.75],
        [0.5, 0.5],
        [0.1, 0.2, 0.7],
      ],
      groups: [
        [
          { dimension: 0, choice: 0 },
          { dimension: 1, choice: 1 },
        ],
        [{ dimension: 2, choice: 0 }],
      ],
      share: 0.4,
    };
    const counts = new Map<string, number>();
    const draws = 20_000;
    for (let at = 0; at < draws; at++) {
      const key = drawSetting(prior, stream('prior', at)).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const gain = gainOf(prior);
    let sum = 0;
    for (const a of [0, 1])
      for (const b of [0, 1])
        for (const c of [0, 1, 2]) {
          const alone = [a, b, c].reduce((all, pick, at) => all * prior.weights[at]![pick]!, 1);
          const wanted = alone * gain([a, b, c]);
          sum += wanted;
          const found = (counts.get([a, b, c].join()) ?? 0) / draws;
          assert.ok(Math.abs(found - wanted) < 0.02, `${[a, b, c].join()}: ${found}, ${wanted}`);
        }
    assert.ok(Math.abs(sum - 1) < 1e-12);
  });

  void test('the command line names them; a choice that no node or edge has is refused', () => {
    assert.deepEqual(planFrom({}).prior, { frozen: 1 / 3 });
    assert.equal(planFrom({ sampler: 'random' }).prior, undefined);
    assert.deepEqual(planFrom({ sampler: 'random', 'frozen-share': '50' }).prior, { frozen: 0.5 });
    assert.deepEqual(planFrom({ 'frozen-share': '0' }).prior, undefined);
    const weights = 'resnet8=2, correct=0.5';
    assert.deepEqual(planFrom({ weights }).prior?.weights, { resnet8: 2, correct: 0.5 });
    assert.throws(() => planFrom({ weights: 'resnet8' }), { code: 'arguments.weights' });
    assert.throws(() => planFrom({ weights: 'resnet8=1001' }), { code: 'search.choice-weight' });
    assert.throws(() => planFrom({ weights: 'resnet9=2' }), { code: 'search.weight-unknown' });
    assert.deepEqual(unknownWeights(plan({ space })), []);
    assert.equal(dimensions(space).length, 12);
  });
});
