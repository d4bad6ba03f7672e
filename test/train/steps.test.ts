import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Engine, Step, StepPlan } from '../../core/engine/engine.ts';
import { architecture } from '../../core/models/architecture.ts';
import type { Compiler } from '../../core/study/computation.ts';
import { Steps } from '../../core/train/steps.ts';

const plan = (models: string, classes = 10, batch = 64, frozen: number[] = []): StepPlan => ({
  architectures: models.split('+').map((name) => architecture(name)),
  classes,
  batch,
  frozen,
});

/** An engine whose steps only remember that they were made and disposed of. */
function counting(compiler: Compiler = 'none') {
  const alive = new Set<Step>();
  let compiled = 0;
  const engine = {
    info: { computation: { compiler } },
    compile: (given: StepPlan) => {
      compiled++;
      const step = {
        plan: given,
        dispose: () => assert.ok(alive.delete(step), 'disposed of twice'),
      } as Step;
      alive.add(step);
      return Promise.resolve(step);
    },
  } as Engine;
  return { engine, alive, compiled: () => compiled };
}

describe('compiled steps kept between runs', () => {
  test('the same architectures, classes and batch share one step; anything else does not', async () => {
    const { engine, compiled } = counting();
    const steps = new Steps(engine, 9);
    const use = async (given: StepPlan): Promise<Step> => {
      const step = await steps.borrow(given);
      steps.giveBack(step);
      return step;
    };
    const first = await use(plan('resnet8+resnet14'));
    assert.equal(await use(plan('resnet8+resnet14')), first);
    assert.equal(compiled(), 1);
    const larger = ['resnet8', 'resnet14'].map((name) => architecture(name, { side: 64 }));
    for (const other of [
      plan('resnet14+resnet8'),
      plan('resnet8'),
      plan('resnet8+resnet14', 100),
      plan('resnet8+resnet14', 10, 32),
      { ...plan('resnet8+resnet14'), architectures: larger },
    ]) {
      assert.notEqual(await use(other), first);
    }
    assert.equal(compiled(), 6);
  });

  test('frozen nodes need their own program under XLA but not in a session', async () => {
    for (const [compiler, made] of [
      ['none', 1],
      ['xla', 2],
    ] as const) {
      const { engine, compiled } = counting(compiler);
      const steps = new Steps(engine);
      for (const frozen of [[], [1], [], [1]])
        steps.giveBack(await steps.borrow(plan('resnet8+resnet8', 10, 64, frozen)));
      assert.equal(compiled(), made, compiler);
    }
  });

  test('a step is lent to one run at a time', async () => {
    const { engine, alive } = counting();
    const steps = new Steps(engine);
    const one = await steps.borrow(plan('resnet8'));
    const other = await steps.borrow(plan('resnet8'));
    assert.notEqual(one, other);
    steps.giveBack(one);
    steps.giveBack(other);
    assert.deepEqual([...alive], [other], 'only one of a kind is kept');
  });

  test('only a limited number is kept; the least recently used one is disposed first', async () => {
    const { engine, alive, compiled } = counting();
    const steps = new Steps(engine, 2);
    const names = (): string[] => [...alive].map((step) => step.plan.architectures[0]!.name).sort();
    for (const model of ['resnet8', 'resnet14', 'resnet8', 'resnet20']) {
      steps.giveBack(await steps.borrow(plan(model)));
      assert.ok(alive.size <= 2);
    }
    assert.deepEqual(names(), ['resnet20', 'resnet8']);
    assert.equal(compiled(), 3);
    steps.dispose();
    assert.equal(alive.size, 0);
  });
});
