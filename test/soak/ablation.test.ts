import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { stream } from '../../core/base/random.ts';
import { fromText } from '../../core/graph/text.ts';
import { addAblation } from '../../core/search/ablation.ts';
import { addRerun } from '../../core/search/repeat.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import type { Store } from '../../core/store/store.ts';
import { AT, training } from '../contract/samples.ts';
import { livedFor } from './killed-life.ts';
import { scriptedLab } from '../search/lab.ts';

const SLOTS = 2;
const EPOCHS = 12;
const KILLS = 4;
/** Of the workers: as short as it can be, but for checkpoints of several parts. */
const PACE = JSON.stringify({ checkpointBytes: 600_000 });

const folder = mkdtempSync(join(tmpdir(), 'ktg-killed-ablation-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

const wish = {
  ...{ name: 'Killed', graph: fromText('resnet8=TCL,resnet8=TLX,wrn-10-1=XTT') },
  ...{ kind: 'edges' as const, study: null, trial: null, seeds: 2, baseSeed: 7 },
  ...{ training: training({ purpose: 'final', epochs: EPOCHS }), retries: 2, priority: 0 },
};

/** Lets the lab work on its ablation; kills it after some milliseconds. True when it is done. */
async function worked(file: string, trained: string, milliseconds: number): Promise<boolean> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'killed-ablation.ts'), file, String(SLOTS)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        KTG_TRAINED: trained,
        KTG_FORMULA: PACE,
        NODE_TEST_CONTEXT: undefined,
      },
    },
  );
  return livedFor(child, milliseconds);
}

/** Epochs that workers have begun, by run and epoch, with how often. */
function begun(trained: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of readFileSync(trained, 'utf8').split('\n').filter(Boolean))
    counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

const accuracies = (store: Store, rerun: number) =>
  store
    .runs({ rerun })
    .map(({ variant, number, seed, state, epoch, accuracy }) => [
      ...[variant, number, seed, state, epoch, accuracy],
    ]);

/** An ablation in a new lab that knows one seed of its graph, and its id. */
async function prepared(store: Store): Promise<number> {
  const { scheduler, until } = scriptedLab({ slots: 1 }, {}, store);
  const earlier = addRerun(store, { ...wish, seeds: 1, baselines: [] }, AT);
  scheduler.resume({ rerun: earlier.id });
  await until(() => store.rerun(earlier.id).state === 'completed');
  await scheduler.close('save');
  return addAblation(store, wish, AT).id;
}

void describe('an ablation whose lab is killed', () => {
  void test('loses no result, trains none twice, and ends as if undisturbed', async () => {
    const file = join(folder, 'lab.sqlite');
    const trained = join(folder, 'trained.txt');
    const fresh = openLabFile(file);
    const rerun = await prepared(fresh);
    const { ablation, variants, seeds } = fresh.rerun(rerun);
    fresh.close();
    const random = stream('killed ablation');
    const completed = new Map<number, unknown>();
    let kills = 0;
    while (!(await worked(file, trained, kills < KILLS ? 300 + random.below(500) : 60_000))) {
      kills++;
      const store = openLabFile(file);
      assert.deepEqual(await store.check(), []);
      for (const run of store.runs({ rerun, states: ['completed'] })) {
        const facts = [run.accuracy, run.attempts, store.attempts({ run: run.id })];
        assert.deepEqual(completed.get(run.id) ?? facts, facts, `run ${run.id} stays as it is`);
        completed.set(run.id, facts);
      }
      store.close();
    }
    assert.ok(kills > 0, 'it was killed');
    const store = openLabFile(file);
    const runs = store.runs({ rerun });
    for (const run of runs)
      assert.equal(store.epochs(run.id).length, EPOCHS, `every epoch of run ${run.id} once`);
    const last = store.rerun(rerun);
    assert.deepEqual([last.state, last.ablation, last.variants], ['completed', ablation, variants]);
    assert.deepEqual(last.seeds, seeds);

    const counts = begun(trained);
    const reused = runs.filter(({ id }) =>
      store.attempts({ run: id }).every(({ slot }) => slot === 'reused'),
    );
    assert.equal(reused.length, 1, 'the known result counts again');
    assert.ok(![...counts.keys()].some((line) => line.startsWith(`${reused[0]!.id} `)));
    assert.equal(counts.size, (runs.length - 1) * EPOCHS);
    const again = [...counts.values()].reduce((sum, count) => sum + count - 1, 0);
    // Every epoch has a checkpoint: a kill costs each slot the epoch at work, and the one whose
    // checkpoint was still on its way.
    assert.ok(again <= 2 * SLOTS * kills, `${again} epochs begun again after ${kills} kills`);
    const killed = accuracies(store, rerun);
    store.close();

    const calm = openMemoryStore();
    const same = await prepared(calm);
    const { scheduler, until } = scriptedLab({ slots: SLOTS }, {}, calm);
    scheduler.resume({ rerun: same });
    await until(() => calm.rerun(same).state === 'completed');
    await scheduler.close('save');
    assert.deepEqual(killed, accuracies(calm, same));
  });
});
