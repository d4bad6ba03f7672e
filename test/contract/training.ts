import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LabError } from '../../core/base/errors.ts';
import type { Dataset } from '../../core/data/dataset.ts';
import { syntheticDataset } from '../../core/data/sets/synthetic.ts';
import type { Engine, EngineName, NodeState } from '../../core/engine/engine.ts';
import { openEngine } from '../../core/engine/open.ts';
import { fromText } from '../../core/graph/text.ts';
import { architecture } from '../../core/models/architecture.ts';
import { initialParameters, initialStatistics } from '../../core/models/initialise.ts';
import type { EpochMetrics } from '../../core/study/metrics.ts';
import { type TrainingPlan } from '../../core/study/plan.ts';
import { recipeFor } from '../../core/study/recipe.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../core/train/checkpoint.ts';
import { Steps } from '../../core/train/steps.ts';
import { Training, type TrainingSetup } from '../../core/train/training.ts';
import { assertBits } from '../engine/support.ts';

const CLASSES = 4;
/** Two networks that teach each other, and a frozen one that teaches both. */
const text = 'resnet8=TCL,resnet8=LTT@2,wrn-10-1=XXX';
const EPOCHS = 4;
const STEPS = 4;
const TESTED = 12;

function teacher(model: string): NodeState {
  const parameters = initialParameters(architecture(model), CLASSES, 77, 1);
  const momentum = new Float32Array(parameters.length);
  return { parameters, momentum, statistics: initialStatistics(architecture(model)) };
}

/**
 * What every engine's trainings must do: repeat themselves, be interrupted and go on, without a bit
 * of difference. `batch` can be small where steps are slow.
 */
export function trainingContract(name: EngineName, batch: number): void {
  const train = STEPS * batch + 1;
  const dataset: Dataset = syntheticDataset({ seed: 2, train, test: TESTED, classes: CLASSES });
  const plan: TrainingPlan = {
    data: 'synthetic',
    protocol: 'paper',
    purpose: 'search',
    splitSeed: 1,
    epochs: EPOCHS,
    recipe: { ...recipeFor(EPOCHS), batch, learningRate: 0.05 },
  };

  describe(`training on ${name}`, () => {
    let engine: Engine;
    let steps: Steps;
    let whole: Outcome;

    const prepare = (changes: Partial<TrainingSetup> = {}): Promise<Training> =>
      Training.prepare({
        graph: fromText(text),
        plan,
        seed: 3,
        dataset,
        steps,
        teachers: new Map([[3, teacher('wrn-10-1')]]),
        nodes: 'all',
        ...changes,
      });
    const withTraining = async <T>(
      work: (training: Training) => Promise<T> | T,
      changes: Partial<TrainingSetup> = {},
    ): Promise<T> => {
      const training = await prepare(changes);
      try {
        return await work(training);
      } finally {
        training.release();
      }
    };
    const inOneGo = (changes: Partial<TrainingSetup> = {}) =>
      withTraining((training) => finish(training), changes);

    before(async () => {
      engine = await openEngine({ engine: name, threads: 2 });
      steps = new Steps(engine);
      whole = await inOneGo();
    });
    after(() => {
      steps.dispose();
    });

    test('the same seed gives the same run, bit for bit, also on a step that another run has used', async () => {
      const other = await inOneGo({ seed: 4 });
      assert.notDeepEqual(other.file, whole.file);
      assertSame(await inOneGo(), whole);
    });

    test('the loss of node 1 is known after every step, and ends as that of its epoch', () =>
      withTraining(async (training) => {
        const losses: (number | null)[] = [training.loss];
        const onStep = (): number => losses.push(training.loss);
        const { nodes } = (await training.nextEpoch({ onStep }))!;
        assert.equal(losses[0], null);
        assert.equal(losses.at(-1), nodes[0]!.trainLoss);
        assert.equal(training.loss, null, 'of the next epoch');
      }));

    test('two epochs, a checkpoint and two more are four epochs', async () => {
      const first = await withTraining(async (training) => {
        const metrics = [await training.nextEpoch(), await training.nextEpoch()] as EpochMetrics[];
        return { metrics, file: encodeCheckpoint(training.checkpoint()) };
      });
      const second = await withTraining((training) => {
        training.restore(decodeCheckpoint(first.file, 'x'));
        assert.equal(training.epoch, 2);
        return finish(training);
      });
      assertSame({ file: second.file, metrics: [...first.metrics, ...second.metrics] }, whole);
    });

    test('an interruption in the middle of an epoch changes nothing', async () => {
      const metrics: EpochMetrics[] = [];
      let file: Uint8Array | undefined;
      // interrupted after steps 1 and 3 of epoch 2, then left alone
      for (const stopAt of [1, 3, undefined]) {
        await withTraining(async (training) => {
          if (file) training.restore(decodeCheckpoint(file, 'x'));
          const stop = new AbortController();
          const onStep = (step: number): void => {
            if (training.epoch === 1 && step === stopAt) stop.abort();
          };
          for (;;) {
            const epoch = training.finished
              ? undefined
              : await training.nextEpoch({ signal: stop.signal, onStep });
            if (!epoch) break;
            metrics.push(epoch);
          }
          const checkpoint = training.checkpoint();
          if (stopAt !== undefined)
            assert.deepEqual([checkpoint.info.epoch, checkpoint.info.step], [1, stopAt]);
          file = encodeCheckpoint(checkpoint);
        });
      }
      assertSame({ file: file!, metrics }, whole);
    });

    test('a frozen node keeps its weights; the others learn', async () => {
      const { states } = decodeCheckpoint(whole.file, 'x');
      assertBits(states.get(3)!.parameters, teacher('wrn-10-1').parameters, 'the teacher');
      assertBits(states.get(3)!.momentum, teacher('wrn-10-1').momentum, 'its momentum');
      for (const node of [1, 2])
        assert.notDeepEqual(
          states.get(node)!.parameters,
          initialParameters(architecture('resnet8'), CLASSES, 3, node),
        );
    });

    test('metrics: every image is counted, every open edge is told', () => {
      const images = STEPS * batch;
      assert.deepEqual(
        whole.metrics.map(({ epoch }) => epoch),
        [1, 2, 3, 4],
      );
      for (const { epoch, nodes, edges } of whole.metrics) {
        for (const { accuracy, trainAccuracy, loss } of nodes) {
          assert.ok(
            Number.isInteger(Math.round(accuracy * 12 * 1e9) / 1e9),
            `accuracy ${accuracy} of 12 images`,
          );
          assert.ok(Number.isInteger(trainAccuracy * images));
          assert.ok(loss > 0);
        }
        assert.equal(nodes[2]!.trainLoss, 0);
        assert.equal(edges.length, 9);
        assert.deepEqual(edges.slice(6), [null, null, null], 'nothing flows into the frozen node');
        for (const edge of edges.slice(0, 6)) {
          const { bothRight, onlySourceRight, onlyDestinationRight, bothWrong } = edge!;
          assert.equal(bothRight + onlySourceRight + onlyDestinationRight + bothWrong, images);
          assert.ok(Math.min(bothRight, onlySourceRight, onlyDestinationRight, bothWrong) >= 0);
        }
        const [label, mutual, taught] = edges.map((edge) => edge!);
        assert.equal(label!.onlyDestinationRight, 0, 'the label is always right');
        assert.equal(label!.gatedLoss, label!.rawLoss);
        assert.ok(mutual!.gatedLoss <= mutual!.rawLoss, 'Correct');
        assert.equal(taught!.weight, epoch / EPOCHS, 'Linear');
      }
    });

    test('a loss that is not a number ends the run with its epoch, step and node', async () => {
      const wild = { ...plan, recipe: { ...plan.recipe, learningRate: 1e30 } };
      await withTraining(
        async (training) => {
          await assert.rejects(
            finish(training),
            (error) =>
              error instanceof LabError &&
              error.code === 'train.diverged' &&
              /^The loss of node [12] became (NaN|Infinity) in epoch 1, step [2-4] of 4\.$/.test(
                error.message,
              ),
          );
        },
        { plan: wild },
      );
    });

    test('nothing is left behind', () => {
      steps.dispose();
      assert.equal(engine.counts().sessions, 0);
      assert.ok(engine.counts().tensors <= 0, `${engine.counts().tensors} tensors`);
    });
  });
}

interface Outcome {
  /** The last checkpoint, as it is saved. */
  readonly file: Uint8Array;
  readonly metrics: readonly EpochMetrics[];
}

async function finish(training: Training): Promise<Outcome> {
  const metrics: EpochMetrics[] = [];
  while (!training.finished) metrics.push((await training.nextEpoch())!);
  return { file: encodeCheckpoint(training.checkpoint()), metrics };
}

/** Equal to the last bit; only the time that it took may differ. */
function assertSame(actual: Outcome, expected: Outcome): void {
  const timeless = ({ metrics }: Outcome) => metrics.map(({ seconds: _, ...rest }) => rest);
  assert.deepEqual(timeless(actual), timeless(expected));
  assert.ok(Buffer.from(actual.file).equals(expected.file), 'the last checkpoints differ');
}
