import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { effectLines } from '../../core/commands/effects.ts';
import { paperSpace, withGates } from '../../core/graph/space.ts';
import type { SearchSpace } from '../../core/graph/space.ts';
import { effectsOf } from '../../core/lab/effects.ts';
import { previewOf } from '../../core/search/preview.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import type { StudyPlan } from '../../core/study/plan.ts';
import { usualStart } from '../../core/study/start.ts';
import { plan } from '../contract/samples.ts';
import { scriptedLab } from '../search/lab.ts';
import type { Script } from '../search/scripted-runner.ts';
import { noFrozen } from '../search/studies.ts';

async function played(change: Partial<StudyPlan>, script: Partial<Script> = {}) {
  const { store, study, scheduler, until } = scriptedLab({ slots: 3, ...script });
  const { id } = study({ space: noFrozen, trials: 40, retries: 0, ...change });
  scheduler.resume({ study: id });
  await until(() => store.study(id).state !== 'running');
  await scheduler.close('save');
  return { store, id };
}

/** A space whose only graph is two networks that learn alone. */
const oneGraph: SearchSpace = [
  [0, 1, 'through'],
  [0, 2, 'through'],
  [1, 2, 'cutoff'],
  [2, 1, 'cutoff'],
].reduce(
  (space, [source, destination, gate]) =>
    withGates(space, source as number, destination as number, [gate as 'through']),
  paperSpace(2, 'resnet8', ['resnet8']),
);

const odd: Record<string, [change: Partial<StudyPlan>, script?: Partial<Script>, rung?: number]> = {
  'one trial': [{ trials: 1 }],
  'two trials': [{ trials: 2 }],
  'only failed trials': [{ trials: 5 }, { mishap: () => 'nan' }],
  'trials that fail after the first rung': [
    { trials: 5 },
    { mishap: (_job, epoch) => (epoch === 3 ? 'nan' : undefined) },
  ],
  'constant accuracies': [{}, { accuracy: () => 0.1 }],
  'accuracies that are no numbers': [{}, { accuracy: () => NaN }],
  'a rung that nobody reached': [{ trials: 3 }, { mishap: () => 'nan' }, 16],
  'an epoch that is no rung': [{}, {}, 5],
  'a space of one graph': [{ space: oneGraph, trials: 4 }],
  'a space of one graph, trained again': [{ space: oneGraph, trials: 4, duplicates: 'train' }],
  'one node': [{ space: { ...paperSpace(1, 'resnet8'), frozen: false }, trials: 4 }],
  'no rule': [{ rule: { kind: 'none' } }],
  'a sampler that learns': [{ sampler: 'tpe', start: usualStart, audit: 0.3, trials: 60 }],
};

void describe('effects of odd studies', () => {
  for (const [name, [change, script, rung]] of Object.entries(odd))
    void test(`${name}: sane words, no NaN`, async () => {
      const { store, id } = await played(change, script);
      const found = await effectsOf(store, id, rung);
      JSON.stringify(found, (_key, value: unknown) => {
        assert.ok(typeof value !== 'number' || Number.isFinite(value), JSON.stringify(found));
        return value;
      });
      const text = effectLines('odd', found).join('\n');
      assert.doesNotMatch(text, /NaN|undefined|null|Infinity/);
      if (found.trials === 0) assert.match(text, /nothing to compare/);
    });

  void test('a study that has not begun', async () => {
    const { store, study } = scriptedLab();
    const { id } = study();
    const text = effectLines('new', await effectsOf(store, id)).join('\n');
    assert.match(text, /^No trial of study "new" has reached epoch/);
  });
});

void describe('what the report says of itself', () => {
  void test('trials that a sampler chose are no random sample, nor are starting points', async () => {
    const { store, id } = await played({ sampler: 'tpe', trials: 40 });
    const found = await effectsOf(store, id, 1);
    assert.equal(found.isRandomSample, false);
    assert.equal(found.sampled, found.trials, 'ten random trials are too few by themselves');
    assert.match(effectLines('s', found).join('\n'), /come from all trials: they favour/);
    const random = await played({ trials: 40 });
    assert.equal((await effectsOf(random.store, random.id, 1)).isRandomSample, true);
    const begun = await played({ trials: 40, start: usualStart });
    const chosen = await effectsOf(begun.store, begun.id, 1);
    assert.equal(chosen.isRandomSample, false);
    assert.equal(chosen.sampled, chosen.trials - 2, 'without Independent and DML');
  });

  void test('an audited study says how well its rule decides, and advises the next one', async () => {
    // The first two epochs say nothing: the rule from epoch 1 stops at random.
    const { store, id } = await played(
      { trials: 120, audit: 0.5 },
      {
        accuracy: ({ seed }, epoch) =>
          epoch < 4 ? ((seed * (epoch + 1)) % 997) / 997 : (seed % 1009) / 1009,
      },
    );
    const { audit } = await effectsOf(store, id);
    assert.ok(audit.ranOn > 10 && audit.lost!.value > 0.2, JSON.stringify(audit));
    assert.ok(audit.advice.best!.firstRung >= 4);
    const text = effectLines('s', await effectsOf(store, id)).join('\n');
    assert.match(text, /continued for the audit/);
    assert.match(text, /Advice: --min-epochs (4|8) --reduction/);
    const machine = { slots: 1, portable: false, devices: [], images: () => null };
    const codes = (change: Partial<StudyPlan>): string[] =>
      previewOf(store, plan(change), machine).warnings.map(({ code }) => code);
    assert.ok(codes({}).includes('search.early-rungs'));
    const rule = { kind: 'asha', reductionFactor: 2, minimumResource: 8 } as const;
    assert.ok(!codes({ rule }).includes('search.early-rungs'));
    const other = { ...plan().training, data: 'cifar10' };
    assert.ok(!codes({ training: other }).includes('search.early-rungs'));
    assert.deepEqual(previewOf(openMemoryStore(), plan({ space: noFrozen }), machine).warnings, []);
  });
});
