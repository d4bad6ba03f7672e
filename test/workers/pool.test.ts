import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LabError } from '../../core/base/errors.ts';
import { template } from '../../core/graph/templates.ts';
import { MAX_MESSAGES_A_SECOND } from '../../core/workers/messages.ts';
import { WorkerPool } from '../../core/workers/pool.ts';
import { Witness, cpu, job, numbers, weights } from './jobs.ts';

const pools: WorkerPool[] = [];
const poolOf = (slots = 1, program?: string): WorkerPool => {
  const pool = new WorkerPool({ devices: [cpu(slots)], cores: 2, ...(program && { program }) });
  pools.push(pool);
  return pool;
};
const impostor = fileURLToPath(new URL('impostor.ts', import.meta.url));

after(async () => Promise.all(pools.map(async (pool) => pool.close())));

const until = async (pool: WorkerPool, fits: () => boolean): Promise<void> => {
  while (!fits())
    await new Promise<void>((resolve) => {
      const undo = pool.onSlots(() => {
        undo();
        resolve();
      });
    });
};
const ready = async (pool: WorkerPool, slot: string): Promise<void> =>
  until(pool, () => pool.slots().find(({ name }) => name === slot)?.state === 'ready');

describe('real training', () => {
  const pool = poolOf(2);
  const run = async (
    change: Parameters<typeof job>[0] = {},
    slot = 'cpu:0',
    witness = new Witness(),
  ) => {
    await ready(pool, slot);
    pool.start(slot, job(change), witness);
    await witness.over;
    return witness;
  };
  const epochs = { training: { ...job().training, epochs: 4 } };
  let undisturbed: Witness;

  test('a run reports every epoch, hands its final weights over and ends', async () => {
    undisturbed = await run(epochs);
    assert.deepEqual(undisturbed.calls, [
      'started',
      'epoch 1',
      'epoch 2',
      'epoch 3',
      'epoch 4',
      'final 4',
      'completed',
    ]);
    assert.match(undisturbed.environment!.data, /^synthetic:[0-9a-f]{24}$/);
    assert.ok(undisturbed.progresses.some(({ step, steps }) => steps === 10 && step === 10));
    const pids = undisturbed.progresses.map(({ memory }) => memory);
    assert.ok(pids.at(-1)! > 50e6, 'it says how much memory it uses');
  });

  test('another worker gives the same numbers', async () => {
    const other = await run(epochs, 'cpu:1');
    assert.deepEqual(numbers(other.epochs), numbers(undisturbed.epochs));
    assert.deepEqual(other.checkpoints[0]!.data.length, undisturbed.checkpoints[0]!.data.length);
  });

  test('stopped at once with a checkpoint in the middle of an epoch, a run continues to the same numbers', async () => {
    const first = new Witness();
    await ready(pool, 'cpu:0');
    const handle = pool.start('cpu:0', job(epochs), first);
    first.onProgress = ({ epoch }) => {
      if (epoch === 2) handle.stop('now', true);
    };
    first.onEpoch = (epoch) => {
      if (epoch === 1)
        first.onProgress({
          epoch: 2,
          step: 1,
          steps: 10,
          compiling: null,
          imagesPerSecond: 0,
          memory: 0,
        });
    };
    assert.equal(await first.over, 'halted');
    const { data, epoch, purpose } = first.checkpoints[0]!;
    assert.deepEqual([epoch, purpose], [1, 'resume']);
    const second = await run({ ...epochs, attempt: 2, resume: weights(data, epoch) }, 'cpu:1');
    assert.deepEqual(numbers([...first.epochs, ...second.epochs]), numbers(undisturbed.epochs));
  });

  test('killed after a checkpoint, a run continues from there to the same numbers', async () => {
    const first = new Witness();
    await ready(pool, 'cpu:0');
    const handle = pool.start('cpu:0', job({ ...epochs, checkpointEvery: 0 }), first);
    const saved = new Promise<void>((resolve) => {
      first.onEpoch = () => {
        if (first.checkpoints.length > 0) resolve();
      };
    });
    await saved;
    handle.kill();
    const before = first.calls.length;
    const { data, epoch } = first.checkpoints.at(-1)!;
    const second = await run({ ...epochs, resume: weights(data, epoch) }, 'cpu:1');
    assert.equal(first.calls.length, before, 'nothing is heard of a killed job');
    assert.deepEqual(
      numbers([...first.epochs.slice(0, epoch), ...second.epochs]),
      numbers(undisturbed.epochs),
    );
  });

  test('a worker waits for the verdict at a rung and obeys it', async () => {
    const stopped = new Witness();
    stopped.verdict = (epoch) => (epoch === 2 ? 'stop' : 'go-on');
    await run({ ...epochs, rungs: [1, 2] }, 'cpu:0', stopped);
    assert.deepEqual(stopped.calls, ['started', 'epoch 1', 'epoch 2', 'stopped']);
    const kept = new Witness();
    kept.verdict = () => 'save-and-stop';
    await run({ ...epochs, rungs: [1] }, 'cpu:0', kept);
    assert.deepEqual(kept.calls, ['started', 'epoch 1', 'final 1', 'stopped']);
  });

  test('a stop after the epoch finishes it, and without keep no checkpoint is sent', async () => {
    const witness = new Witness();
    await ready(pool, 'cpu:0');
    const handle = pool.start('cpu:0', job(epochs), witness);
    witness.onStarted = () => {
      handle.stop('after-epoch', false);
    };
    await witness.over;
    assert.deepEqual(witness.calls, ['started', 'epoch 1', 'halted']);
  });

  test('a frozen node learns from the weights that it was sent; without them the job fails as teacher', async () => {
    const kd = template('kd', ['resnet8', 'resnet8']);
    const teacher = await run({ graph: template('independent', ['resnet8']) });
    const witness = await run({
      graph: kd,
      teachers: [{ node: 2, weights: weights(teacher.checkpoints[0]!.data, 2) }],
    });
    assert.equal(await witness.over, 'completed');
    const alone = await run({ graph: kd });
    assert.equal(alone.failure?.kind, 'teacher');
    const wrong = await run({
      graph: template('kd', ['resnet8', 'wrn-10-1']),
      teachers: [{ node: 2, weights: weights(teacher.checkpoints[0]!.data, 2) }],
    });
    assert.equal(wrong.failure?.kind, 'teacher');
    assert.match(wrong.failure.message, /resnet8.*needs wrn-10-1/);
  });

  test('a broken transfer of weights fails the job, not the worker', async () => {
    const sent = weights(new Uint8Array(3 << 20), 1);
    const broken = {
      ...sent,
      chunks: () => {
        throw new LabError({
          code: 'store.checkpoint-damaged',
          message: 'Checkpoint 5: gone.',
          next: '',
        });
      },
    };
    const witness = await run({ resume: broken });
    assert.equal(witness.failure?.kind, 'crash');
    assert.match(witness.failure.message, /Checkpoint 5: gone/);
    const changed = await run({ resume: { ...sent, sha256: 'a'.repeat(64) } });
    assert.equal(changed.failure?.code, 'workers.weights-damaged');
  });

  test('missing data and divergence have different kinds', async () => {
    const { training } = job();
    const missing = await run({ training: { ...training, data: '/nowhere/cifar.tar.gz' } });
    assert.equal(missing.failure?.kind, 'data');
    const wild = { ...training.recipe, learningRate: 1000, weightDecay: 10 };
    const diverged = await run({ training: { ...training, epochs: 8, recipe: wild } });
    assert.equal(diverged.failure?.kind, 'nan');
  });

  test('a checkpoint that cannot be stored causes a log line; training continues', async () => {
    const witness = new Witness();
    witness.take = async ({ purpose, chunks }) => {
      if (purpose === 'resume') throw new Error('no space');
      for await (const _chunk of chunks);
      return new Uint8Array();
    };
    await run({ checkpointEvery: 0 }, 'cpu:0', witness);
    assert.equal(await witness.over, 'completed');
    assert.match(witness.lines.join(), /after epoch 1 was not stored: .*no space|not wanted/);
  });

  test('a plan that asks for another way to compute gets a process of its own for it', async () => {
    const { training } = job();
    const alone = {
      graph: template('independent', ['resnet8']),
      training: { ...training, epochs: 1 },
    };
    const usual = await run(alone);
    const pid = pool.processes().get('cpu:0');
    const computation = { compiler: 'xla', precision: 'bfloat16' } as const;
    const wish = { ...alone, training: { ...alone.training, computation } };
    const compiled = await run(wish);
    assert.equal(await compiled.over, 'completed');
    assert.match(usual.environment!.engine, /session, float32\)$/);
    assert.match(compiled.environment!.engine, /XLA, bfloat16\)$/);
    assert.ok(
      compiled.progresses.some(({ compiling, steps }) => compiling !== null && steps === 0),
    );
    assert.equal(compiled.progresses.at(-1)!.compiling, null);
    assert.ok(usual.progresses.every(({ compiling }) => compiling === null));
    assert.notEqual(pool.processes().get('cpu:0'), pid);
    const [one, other] = [usual, compiled].map(({ epochs: [epoch] }) => epoch!.nodes[0]!);
    assert.notDeepEqual(other, one);
    assert.ok(Math.abs(other!.trainLoss - one!.trainLoss) < 0.1 * one!.trainLoss);
    const compiling = pool.processes().get('cpu:0');
    await run(wish);
    assert.equal(
      pool.processes().get('cpu:0'),
      compiling,
      'the next of its kind finds the program there',
    );
  });

  test('a computation that the device lacks fails the job and not the slot', async () => {
    const { training } = job();
    const refused = await run({ training: { ...training, computation: { precision: 'tf32' } } });
    assert.deepEqual(
      [refused.failure!.kind, refused.failure!.code],
      ['precision', 'engine.precision'],
    );
    assert.equal(await (await run()).over, 'completed');
  });

  test('a worker that is killed from outside fails its job as a crash, and its slot takes the next one', async () => {
    const witness = new Witness();
    await ready(pool, 'cpu:0');
    pool.start('cpu:0', job(epochs), witness);
    witness.onStarted = () => {
      process.kill(pool.processes().get('cpu:0')!, 'SIGKILL');
    };
    await witness.over;
    assert.equal(witness.failure?.kind, 'crash');
    assert.match(witness.failure.message, /SIGKILL/);
    assert.equal(await (await run()).over, 'completed');
  });
});

describe('workers that misbehave', () => {
  const fail = async (title: string): Promise<Witness> => {
    const pool = poolOf(1, impostor);
    const witness = new Witness();
    // Nothing is taken, so that whoever runs ahead is too far ahead.
    witness.take = async () => new Promise(() => undefined);
    pool.start('cpu:0', job({ title }), witness);
    await witness.over;
    await ready(pool, 'cpu:0');
    return witness;
  };

  for (const title of [
    'speak nonsense',
    'speak broken text',
    'speak of another run',
    'skip an epoch',
    'claim 110 %',
    'claim another graph',
    'claim completion',
    'send too much',
    'run ahead of the lab',
    'flood',
  ]) {
    test(`${title}: the contract was broken`, async () => {
      const { failure, calls, lines } = await fail(title);
      assert.equal(failure?.kind, 'protocol', JSON.stringify(failure));
      assert.ok(calls.length <= 2, calls.join());
      assert.ok(lines.length <= 2 * MAX_MESSAGES_A_SECOND, 'at most those of two seconds');
    });
  }

  test('the end of a worker is a crash with the most telling line of its output', async () => {
    assert.match((await fail('end by itself')).failure!.message, /exit status 3/);
    assert.match(
      (await fail('say its last words')).failure!.message,
      /exit status 1: Error: the sky has fallen/,
    );
  });

  test('a full heap is out of memory', async () => {
    assert.equal((await fail('run out of memory')).failure!.kind, 'out-of-memory');
  });

  test('endless output fills no log', async () => {
    assert.equal((await fail('write without end')).lines.length, 100);
  });

  test('a worker that hangs can be killed, and its slot is free again', async () => {
    const pool = poolOf(1, impostor);
    const witness = new Witness();
    const handle = pool.start('cpu:0', job({ title: 'hang' }), witness);
    assert.equal(pool.slots()[0]!.state, 'busy');
    handle.kill();
    handle.kill();
    await ready(pool, 'cpu:0');
    assert.deepEqual(witness.calls, []);
  });

  test('a worker that compiles is alive only while it uses its processor', async () => {
    const [busy, idle] = [new Witness(), new Witness()];
    poolOf(1, impostor).start('cpu:0', job({ title: 'compile' }), busy);
    poolOf(1, impostor).start('cpu:0', job({ title: 'wait for a lock' }), idle);
    const compiling = async (witness: Witness, signs: number): Promise<void> =>
      new Promise((resolve) => {
        witness.onProgress = () => {
          if (witness.progresses.filter((each) => each.compiling !== null).length >= signs)
            resolve();
        };
      });
    await Promise.all([compiling(busy, 1), compiling(idle, 1)]);
    const before = { busy: busy.progresses.length, idle: idle.progresses.length };
    await compiling(busy, before.busy + 6);
    const signs = idle.progresses.length - before.idle;
    assert.ok(signs <= 2, `${signs} signs of life`);
  });

  test('a worker that compiles is ended when its run is to stop at once', async () => {
    for (const stopsFirst of [false, true]) {
      const pool = poolOf(1, impostor);
      const witness = new Witness();
      const handle = pool.start('cpu:0', job({ title: 'compile' }), witness);
      const stop = (): void => {
        handle.stop('now', true);
      };
      if (stopsFirst) stop();
      else
        await new Promise<void>((resolve) => {
          witness.onProgress = ({ compiling }) => {
            // A process that takes long to start has other signs of life before it compiles.
            if (compiling === null) return;
            assert.equal(compiling, 0);
            resolve();
          };
        });
      stop();
      assert.deepEqual(witness.calls, [], 'nothing is heard before it has returned');
      assert.equal(await witness.over, 'halted');
      assert.equal(pool.slots()[0]!.state, 'starting', 'the process is on its way out');
      await ready(pool, 'cpu:0');
      assert.deepEqual(witness.calls, ['halted']);
    }
  });

  test('a worker that cannot begin breaks its slot with the reason; its job is lost, not failed', async () => {
    const pool = poolOf(2, impostor);
    const witness = new Witness();
    pool.start('cpu:1', job({ title: 'wait' }), witness);
    await witness.over;
    assert.deepEqual([witness.failure!.kind, witness.failure!.code], ['lost', 'engine.missing']);
    assert.deepEqual(
      pool.slots().map(({ state, problem }) => [state, problem]),
      [
        ['ready', ''],
        ['broken', 'No engine. Install it.'],
      ],
    );
  });
});

describe('slots', () => {
  test('the number of slots changes while others run; a slot too many finishes its job first', async () => {
    const pool = poolOf(2, impostor);
    const witness = new Witness();
    const handle = pool.start('cpu:1', job({ title: 'wait' }), new Witness());
    handle.kill();
    const second = pool.start('cpu:0', job({ title: 'wait' }), witness);
    await ready(pool, 'cpu:1');
    pool.setSlots('cpu', 0);
    assert.deepEqual(
      pool.slots().map(({ name, state }) => [name, state]),
      [['cpu:0', 'retired']],
    );
    second.kill();
    await until(pool, () => pool.slots().length === 0);
    pool.setSlots('cpu', 1);
    assert.equal(pool.slots()[0]!.state, 'ready');
  });

  test('a new slot waits for the cores that a running job still uses', async () => {
    const pool = poolOf(1, impostor);
    const handle = pool.start('cpu:0', job({ title: 'wait' }), new Witness());
    pool.setSlots('cpu', 2);
    const { state, problem } = pool.slots()[1]!;
    assert.equal(state, 'starting');
    assert.match(problem, /cpu:0 uses 2 of 2/);
    handle.kill();
    await ready(pool, 'cpu:1');
  });

  test('unknown devices and impossible numbers of slots are refused', () => {
    const pool = poolOf(1, impostor);
    const code = (work: () => void): string => {
      try {
        work();
      } catch (error) {
        return (error as LabError).code;
      }
      return '';
    };
    assert.equal(
      code(() => {
        pool.setSlots('cpu', 3);
      }),
      'workers.too-many-slots',
    );
    assert.equal(
      code(() => {
        pool.setSlots('cpu', -1);
      }),
      'workers.too-many-slots',
    );
    assert.equal(
      code(() => {
        pool.setSlots('gpu:9', 1);
      }),
      'workers.unknown-device',
    );
    assert.equal(
      code(() => pool.start('cpu:9', job(), new Witness())),
      'workers.slot-not-ready',
    );
  });

  test('a closed pool leaves no process behind', async () => {
    const pool = new WorkerPool({ devices: [cpu(1)], cores: 2, program: impostor });
    pool.start('cpu:0', job({ title: 'wait' }), new Witness());
    const pid = pool.processes().get('cpu:0');
    await pool.close();
    await pool.close();
    assert.throws(() => process.kill(pid!, 0));
  });
});
