import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fromText } from '../../core/graph/text.ts';
import { cores } from '../../core/devices/devices.ts';
import { WorkerPool } from '../../core/workers/pool.ts';
import { cpu, job, Witness } from './jobs.ts';

// a blank in its name, which ends a flag of XLA that is not quoted
const folder = mkdtempSync(join(tmpdir(), 'ktg programs-'));
process.env.KTG_COMPILED = folder; // workers inherit it
after(() => {
  rmSync(folder, { recursive: true });
});

/**
 * Every program that XLA has kept, by the folder of its setting; one that is made again is another
 * file.
 */
const files = (): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.pb'))
    .sort();
const programs = (): string[] =>
  files().map((name) => `${name} ${statSync(join(folder, name)).ino}`);

/**
 * Runs short trials of two networks one after the other on one worker; target accuracies and losses
 * of each.
 */
async function trials(
  ...settings: [graph: string, seed: number, learningRate: number][]
): Promise<unknown[]> {
  const pool = new WorkerPool({ devices: [cpu(1)], cores: cores() });
  const found: unknown[] = [];
  const { training } = job();
  try {
    for (const [text, seed, learningRate] of settings) {
      while (pool.slots()[0]!.state !== 'ready')
        await new Promise<void>((resolve) => {
          const undo = pool.onSlots(() => {
            undo();
            resolve();
          });
        });
      const witness = new Witness();
      const plan = {
        ...training,
        epochs: 1,
        recipe: { ...training.recipe, learningRate },
        computation: { compiler: 'xla' },
      } as const;
      pool.start('cpu:0', job({ graph: fromText(text), seed, training: plan }), witness);
      assert.equal(await witness.over, 'completed');
      found.push(witness.epochs.map(({ nodes }) => nodes));
    }
  } finally {
    await pool.close();
  }
  return found;
}

describe('programs of the compiler', () => {
  let first: unknown;
  let kept: string[];

  test('trials of the same architectures compile once: gates, seeds and learning rates are data', async () => {
    const before = programs();
    [first] = await trials(['wrn-10-1=TC,wrn-10-1=LT', 1, 0.1]);
    kept = programs();
    assert.deepEqual(before, []);
    assert.equal(kept.length, 2, 'one that trains, one that evaluates');
  });

  test('another worker, and other trials on it, compile nothing', async () => {
    const found = await trials(
      ['wrn-10-1=TC,wrn-10-1=LT', 1, 0.1],
      ['wrn-10-1=TT@2,wrn-10-1=CX', 2, 0.05],
      ['wrn-10-1=LC,wrn-10-1=XT', 3, 0.2],
    );
    assert.deepEqual(found[0], first, 'a program from the disk computes the same');
    assert.notDeepEqual(found[1], first);
    assert.deepEqual(programs(), kept);
  });

  test('of two workers that want the same program at the same moment one compiles it', async () => {
    const made: string[] = [];
    const watcher = watch(
      join(folder, readdirSync(folder)[0]!),
      (_, name) => void made.push(name!),
    );
    const pool = new WorkerPool({ devices: [cpu(2)], cores: 2 });
    const training = { ...job().training, epochs: 1, computation: { compiler: 'xla' } } as const;
    try {
      const both = ['cpu:0', 'cpu:1'].map((slot) => {
        const witness = new Witness();
        pool.start(slot, job({ graph: fromText('resnet8=T'), training }), witness);
        return witness.over;
      });
      assert.deepEqual(await Promise.all(both), ['completed', 'completed']);
    } finally {
      await pool.close();
      watcher.close();
    }
    const finished = made.filter((name) => name.endsWith('.pb'));
    assert.deepEqual([finished.length, new Set(finished).size], [2, 2], finished.join());
  });

  test('a damaged program is thrown away and made anew', async () => {
    const sizes = files().map((name) => statSync(join(folder, name)).size);
    for (const name of files()) truncateSync(join(folder, name), 1000);
    assert.deepEqual(await trials(['wrn-10-1=TC,wrn-10-1=LT', 1, 0.1]), [first]);
    const made = files().map((name) => statSync(join(folder, name)).size);
    assert.ok(
      made.length === 2 && made.every((size) => sizes.includes(size)),
      'those that are needed',
    );
    kept = programs();
  });

  test('each way to compile has programs of its own', async () => {
    process.env.XLA_FLAGS = '--xla_cpu_enable_fast_min_max=false';
    try {
      await trials(['wrn-10-1=TC,wrn-10-1=LT', 1, 0.1]);
    } finally {
      delete process.env.XLA_FLAGS;
    }
    assert.equal(readdirSync(folder).length, 2, 'a folder each');
    assert.equal(
      new Set(files().map((name) => basename(name))).size,
      2,
      'XLA itself gives them the same names',
    );
    assert.ok(
      kept.every((program) => programs().includes(program)),
      'those of before are as they were',
    );
  });
});
