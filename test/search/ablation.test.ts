import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, describe, test } from 'node:test';
import { paperSpace, withGates } from '../../core/graph/space.ts';
import { fromText } from '../../core/graph/text.ts';
import { type AblationWish, addAblation, outlineOf } from '../../core/search/ablation.ts';
import { addRerun, resultsOf } from '../../core/search/repeat.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import { exportStudy } from '../../core/store/transfer/export.ts';
import { importStudy } from '../../core/store/transfer/import.ts';
import { AT, newStudy, training } from '../contract/samples.ts';
import { scriptedLab } from './lab.ts';

const folder = mkdtempSync(join(tmpdir(), 'ktg-ablation-'));
after(() => {
  rmSync(folder, { recursive: true });
});

const graph = fromText('resnet8=TC,wrn-10-1=TL');
const wish = (change: Partial<AblationWish> = {}): AblationWish => ({
  ...{ name: 'A', graph, kind: 'edges', study: null, trial: null, seeds: 3, baseSeed: 7 },
  ...{ training: training({ purpose: 'final' }), retries: 2, priority: 0 },
  ...change,
});

void describe('ablations', () => {
  void test('seeds are those of earlier re-runs, whose results count again', async () => {
    const { store, scheduler, until } = scriptedLab({ slots: 2 });
    const earlier = addRerun(store, { ...wish(), seeds: 2, baselines: ['dml'] }, AT);
    scheduler.resume({ rerun: earlier.id });
    await until(() => store.rerun(earlier.id).state === 'completed');
    const { seeds, known, variants } = outlineOf(store, wish());
    assert.deepEqual(seeds.slice(0, 2), earlier.seeds);
    assert.deepEqual([seeds.length, known.length, variants.length], [3, 2, 4]);
    const ablation = addAblation(store, wish(), AT);
    assert.equal(store.runs({ rerun: ablation.id, states: ['waiting'] }).length, 5 * 3 - 2);
    scheduler.resume({ rerun: ablation.id });
    await until(() => store.rerun(ablation.id).state === 'completed');
    await scheduler.close('save');
    const [own, ...others] = resultsOf(ablation, store.runs({ rerun: ablation.id }));
    const [before] = resultsOf(earlier, store.runs({ rerun: earlier.id }));
    assert.deepEqual(own!.values.slice(0, 2), before!.values);
    assert.ok(others.every(({ comparison }) => comparison!.paired!.df === 2));
    assert.deepEqual(await store.check(), []);
  });

  void test('results of an ensemble that counts count again as they are', async () => {
    const { store, scheduler, until } = scriptedLab({ slots: 2 });
    const voting = fromText('resnet8=TCX,resnet8=TLX,ensemble=logits.objective');
    const own = wish({ graph: voting, seeds: 1 });
    const earlier = addRerun(store, { ...own, baselines: [] }, AT);
    scheduler.resume({ rerun: earlier.id });
    await until(() => store.rerun(earlier.id).state === 'completed');
    await scheduler.close('save');
    const [before] = store.runs({ rerun: earlier.id });
    const [again] = store.runs({ rerun: addAblation(store, own, AT).id, states: ['completed'] });
    assert.notEqual(before!.accuracy, store.epochs(before!.id).at(-1)!.nodes[0]!.accuracy);
    assert.deepEqual([again!.seed, again!.accuracy], [before!.seed, before!.accuracy]);
  });

  void test('trains no change that cannot matter, and corrects for none', async () => {
    const { store, scheduler, until } = scriptedLab({ slots: 2 });
    const own = wish({ graph: fromText('resnet8=TCX,wrn-10-1=TXX,resnet8=TXX') });
    const ablation = addAblation(store, own, AT);
    const names = ablation.variants.map(({ name }) => name);
    assert.deepEqual(names, ['graph', 'cutoff 0-1', 'cutoff 2-1', 'cutoff 0-2']);
    assert.deepEqual(ablation.ablation!.skipped, [
      { name: 'cutoff 0-3', reason: 'no-path', as: null },
    ]);
    scheduler.resume({ rerun: ablation.id });
    await until(() => store.rerun(ablation.id).state === 'completed');
    await scheduler.close('save');
    const results = resultsOf(store.rerun(ablation.id), store.runs({ rerun: ablation.id }));
    const tests = results.slice(1).map(({ comparison }) => comparison!);
    const least = Math.min(...tests.map(({ paired }) => paired!.p));
    assert.equal(Math.min(...tests.map(({ adjusted }) => adjusted!)), Math.min(1, 3 * least));
    assert.deepEqual(await store.check(), []);
  });

  void test('has the gates of the space that the graph comes from', () => {
    const store = openMemoryStore();
    const space = withGates(paperSpace(2), 2, 1, ['through', 'half-cosine']);
    const { id } = store.addStudy(newStudy('A', { space }));
    const count = (study: number | null): number => {
      const { variants, skipped } = outlineOf(store, wish({ kind: 'gates', study }));
      return variants.length + skipped.length;
    };
    assert.deepEqual([count(null), count(id)], [4 * 3, 4 * 4]);
  });

  void test('goes on after a kill and a restart where it was', async () => {
    const file = join(folder, 'lab.ktg');
    const first = scriptedLab({ slots: 2 }, {}, openLabFile(file));
    const { id } = addAblation(first.store, wish({ kind: 'gates', seeds: 2 }), AT);
    first.scheduler.resume({ rerun: id });
    const done = (store: typeof first.store) =>
      store.runs({ rerun: id, states: ['completed'] }).length;
    await first.until(() => done(first.store) >= 3);
    await first.scheduler.close('at-once');
    const before = first.store.rerun(id);
    const kept = new Map(
      first.store.runs({ rerun: id, states: ['completed'] }).map((run) => [run.id, run.accuracy]),
    );
    first.store.close();

    const second = scriptedLab({ slots: 2 }, {}, openLabFile(file));
    assert.deepEqual(second.store.rerun(id), before);
    second.scheduler.open();
    await second.until(() => second.store.rerun(id).state === 'completed');
    await second.scheduler.close('save');
    const runs = second.store.runs({ rerun: id });
    assert.ok(runs.every(({ state }) => state === 'completed'));
    for (const [run, accuracy] of kept) assert.equal(second.store.run(run).accuracy, accuracy);
    assert.ok(before.ablation!.skipped.length > 0);
    assert.deepEqual(await second.store.check(), []);
    second.store.close();
  });

  void test('comes with its study through a file; a re-run with baselines is written as before', async () => {
    const [store, other] = [openMemoryStore(), openMemoryStore()];
    const study = store.addStudy(newStudy()).id;
    addRerun(store, { ...wish({ study }), baselines: ['kd'] }, AT);
    const { ablation, variants } = addAblation(store, wish({ study, kind: 'gates' }), AT);
    const parts: Uint8Array[] = [];
    for await (const part of exportStudy(store, study, { weights: false })) parts.push(part);
    const lines = Buffer.concat(parts).toString().split('\n');
    assert.equal(lines.filter((line) => line.includes('"ablation"')).length, 1);
    await importStudy(other, Readable.from(parts));
    const [plain, back] = other.reruns();
    assert.deepEqual([plain!.ablation, back!.ablation, back!.variants], [null, ablation, variants]);
  });
});
