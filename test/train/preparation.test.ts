import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { LabError } from '../../core/base/errors.ts';
import { syntheticDataset } from '../../core/data/sets/synthetic.ts';
import { openEngine } from '../../core/engine/open.ts';
import { fromText } from '../../core/graph/text.ts';
import { architecture } from '../../core/models/architecture.ts';
import { initialParameters, initialStatistics } from '../../core/models/initialise.ts';
import { type TrainingPlan } from '../../core/study/plan.ts';
import { recipeFor } from '../../core/study/recipe.ts';
import { Steps } from '../../core/train/steps.ts';
import { Training, type TrainingSetup } from '../../core/train/training.ts';

const CLASSES = 4;
const dataset = syntheticDataset({ seed: 2, train: 40, test: 8, classes: CLASSES });
const plan: TrainingPlan = {
  data: 'synthetic',
  protocol: 'paper',
  purpose: 'search',
  splitSeed: 1,
  epochs: 2,
  recipe: { ...recipeFor(2), batch: 8 },
};
const engine = await openEngine({ engine: 'tensorflow', threads: 2 });
const steps = new Steps(engine);

const prepare = (text: string, changes: Partial<TrainingSetup> = {}): Promise<Training> =>
  Training.prepare({
    graph: fromText(text),
    plan,
    seed: 3,
    dataset,
    steps,
    teachers: new Map(),
    nodes: 'all',
    ...changes,
  });

function stateOf(model: string, classes = CLASSES) {
  const parameters = initialParameters(architecture(model), classes, 1, 1);
  const momentum = new Float32Array(parameters.length);
  return { parameters, momentum, statistics: initialStatistics(architecture(model)) };
}

const refused = (code: string, words: RegExp) => (error: unknown) =>
  error instanceof LabError &&
  error.code === code &&
  words.test(error.message) &&
  error.next !== '';

afterEach(() => {
  steps.dispose();
  assert.equal(engine.counts().sessions, 0, 'a session is left behind');
});

describe('an impossible training is refused before the first step', () => {
  test('a frozen target', async () => {
    await assert.rejects(
      prepare('resnet8=XX,resnet8=TT'),
      refused('graph.target-frozen', /target is frozen/),
    );
  });

  test('a frozen node without a teacher', async () => {
    await assert.rejects(
      prepare('resnet8=TT,resnet14=XX'),
      refused('train.no-teacher', /Node 2 .*resnet14/),
    );
  });

  test('a teacher of another architecture or number of classes', async () => {
    for (const teacher of [stateOf('resnet8'), stateOf('resnet14', 10)])
      await assert.rejects(
        prepare('resnet8=TT,resnet14=XX', { teachers: new Map([[2, teacher]]) }),
        refused('engine.wrong-state', /ResNet14 with 4 classes has/),
      );
  });

  test('fewer images than a batch', async () => {
    const wide = { ...plan, recipe: { ...plan.recipe, batch: 41 } };
    await assert.rejects(
      prepare('resnet8=T', { plan: wide }),
      refused('data.fewer-images-than-batch', /40/),
    );
  });
});

describe('a checkpoint of another run is refused, and the run continues unaffected', () => {
  const changes: [string, string, Partial<TrainingSetup>][] = [
    ['graph', 'resnet8=L', {}],
    ['seed', 'resnet8=T', { seed: 4 }],
    ['plan', 'resnet8=T', { plan: { ...plan, epochs: 3 } }],
    [
      'protocol',
      'resnet8=T',
      { plan: { ...plan, protocol: 'held-out', recipe: { ...plan.recipe, batch: 4 } } },
    ],
    [
      'data',
      'resnet8=T',
      { dataset: syntheticDataset({ seed: 5, train: 40, test: 8, classes: CLASSES }) },
    ],
  ];
  for (const [what, text, change] of changes) {
    test(`another ${what}`, async () => {
      const other = await prepare(text, change);
      const checkpoint = other.checkpoint();
      other.release();
      const training = await prepare('resnet8=T');
      assert.throws(
        () => {
          training.restore(checkpoint);
        },
        refused('checkpoint.other-run', /another run/),
      );
      assert.equal((await training.nextEpoch())?.epoch, 1);
      training.release();
    });
  }
});

test('when memory runs out, unused steps are freed; without any the run fails', async () => {
  let room = 1;
  const scarce = new Steps({
    ...engine,
    compile: async (given) => {
      const step = await engine.compile(given);
      const prepare = async (): Promise<void> => {
        if (engine.counts().sessions > room)
          throw new Error('Out of memory while trying to allocate 7 bytes.');
        return step.prepare();
      };
      return Object.assign(Object.create(step) as typeof step, { prepare });
    },
  });
  (await prepare('resnet14=T', { steps: scarce })).release();
  assert.equal(engine.counts().sessions, 1, 'kept for the next of its kind');
  const training = await prepare('resnet8=T', { steps: scarce });
  assert.equal((await training.nextEpoch())?.epoch, 1);
  assert.equal(engine.counts().sessions, 1, 'only the one that trains');
  training.release();
  room = 0;
  await assert.rejects(prepare('resnet8=T', { steps: scarce }), /Out of memory/);
});

test('with `needed`, nodes without a path to the target are omitted', async () => {
  const text = 'resnet8=TXX,resnet8=TTX,resnet8=TXX'; // 1 teaches 2; 3 stands alone
  const [all, needed] = [await prepare(text), await prepare(text, { nodes: 'needed' })];
  const [a, b] = [await all.nextEpoch(), await needed.nextEpoch()];
  assert.deepEqual(b!.nodes[0], a!.nodes[0], 'the target does not notice');
  for (const node of b!.nodes.slice(1)) assert.ok(Object.values(node).every(Number.isNaN));
  assert.ok(a!.nodes.every(({ accuracy }) => accuracy >= 0));
  assert.deepEqual(
    b!.edges.map((edge) => edge !== null),
    [true, false, false, false, false, false, false, false, false],
  );
  assert.deepEqual([...needed.checkpoint().states.keys()], [1]);
  all.release();
  needed.release();
});

test('held-out trains on four fifths and evaluates on the rest; the final run on the test images', async () => {
  const judge = async (change: Partial<TrainingPlan>) => {
    const training = await prepare('resnet8=T', { plan: { ...plan, ...change } });
    const { train, evaluation, evaluationName } = training.split;
    training.release();
    return [train.length, evaluation.length, evaluationName];
  };
  assert.deepEqual(await judge({ protocol: 'held-out' }), [32, 8, 'validation']);
  assert.deepEqual(await judge({ protocol: 'held-out', purpose: 'final' }), [40, 8, 'test']);
  assert.deepEqual(await judge({ protocol: 'paper' }), [40, 8, 'test']);
});
