import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { template } from '../../core/graph/templates.ts';
import { addRerun } from '../../core/search/repeat.ts';
import type { Runner } from '../../core/search/runner.ts';
import { Scheduler } from '../../core/search/scheduler.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import { recipeFor } from '../../core/study/recipe.ts';
import { decodeCheckpoint } from '../../core/train/checkpoint.ts';
import { WorkerPool } from '../../core/workers/pool.ts';
import { joined } from '../contract/samples.ts';
import { cpu, numbers } from '../workers/jobs.ts';
import { TestBroker } from './broker.ts';
import { noBroker } from './open-broker.ts';
import { AgentProcess, joinMachines } from './support.ts';

/** Trains four seeds of one graph; everything that they came to, and the slots that worked. */
async function train(runner: Runner): Promise<{ found: unknown[]; machines: Set<string> }> {
  const store = openMemoryStore();
  let onEvent = (): void => undefined;
  const scheduler = new Scheduler(store, runner, {
    onEvent: () => {
      onEvent();
    },
  });
  const rerun = addRerun(
    store,
    {
      name: 'Bits',
      graph: template('dml', ['resnet8', 'resnet8']),
      study: null,
      trial: null,
      seeds: 4,
      baseSeed: 1,
      baselines: [],
      training: {
        data: 'synthetic:train=48,test=16,classes=4',
        protocol: 'held-out',
        purpose: 'search',
        splitSeed: 1,
        epochs: 2,
        recipe: { ...recipeFor(2), batch: 16 },
      },
      retries: 0,
      priority: 0,
    },
    1,
  ).id;
  scheduler.resume({ rerun });
  await new Promise<void>((resolve) => {
    onEvent = () => {
      if (store.rerun(rerun).state !== 'running') resolve();
    };
  });
  const runs = store.runs({ rerun });
  const found = await Promise.all(
    runs.map(async ({ id, state, seed }) => {
      const weights = store.checkpointOf(id)!;
      const bytes = await joined(store.readCheckpoint(weights.id));
      const { states } = decodeCheckpoint(bytes, 'weights');
      return { state, seed, epochs: numbers(store.epochs(id)), states: [...states] };
    }),
  );
  const slots = runs.flatMap(({ id }) => store.attempts({ run: id }).map(({ slot }) => slot));
  await scheduler.close('at-once');
  await runner.close();
  store.close();
  return { found, machines: new Set(slots.map((slot) => slot.split('/')[0]!)) };
}

void test('two agents train to the same bits as this machine', { skip: noBroker }, async () => {
  const broker = await TestBroker.open(['a', 'b']);
  const one = { KTG_TEST_CORES: '1' };
  const agents = ['a', 'b'].map((id) => new AgentProcess(broker.pairing(id), undefined, one));
  after(async () => {
    await Promise.all(agents.map(async (agent) => agent.close()));
    await broker.close();
  });
  const local = await train(new WorkerPool({ devices: [cpu(1)], cores: 1 }));
  const remote = await train(await joinMachines(broker, ['a', 'b']));
  assert.deepEqual([...remote.machines].sort(), ['a', 'b']);
  assert.equal(local.found.length, 4);
  assert.deepEqual(remote.found, local.found);
});
