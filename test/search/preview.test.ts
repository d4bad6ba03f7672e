import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { paperSpace, withGates } from '../../core/graph/space.ts';
import { fromText } from '../../core/graph/text.ts';
import { previewOf, requireCreatable } from '../../core/search/preview.ts';
import { architecture } from '../../core/models/architecture.ts';
import { multiplyAdds } from '../../core/models/cost.ts';
import { effort, type Machine } from '../../core/search/speed.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import type { Store } from '../../core/store/store.ts';
import { paperRule } from '../../core/study/plan.ts';
import { plan, training } from '../contract/samples.ts';
import { scriptedLab } from './lab.ts';

/** Two slots of what the scripted runner says that it is. */
const machine: Machine = {
  slots: 2,
  portable: false,
  devices: ['none'],
  images: () => ({ train: 4000, test: 1000 }),
};
const codes = (problems: { code: string }[]): string[] => problems.map((problem) => problem.code);

void describe('preview of a study', () => {
  void test('names what is missing and how large the space is', () => {
    const preview = previewOf(openMemoryStore(), plan({ space: paperSpace(3) }), machine);
    assert.deepEqual(preview.missingPretrained, ['resnet32', 'resnet110', 'wrn-28-2']);
    assert.equal(preview.spaceSize, '2359296');
    assert.equal(preview.expectedTime, null);
    assert.deepEqual(
      [codes(preview.problems), codes(preview.warnings)],
      [[], ['search.pretraining-first']],
    );
  });

  void test('impossible spaces and rungs beyond the end are problems', () => {
    const closed = withGates(withGates(paperSpace(2), 0, 1, ['cutoff']), 2, 1, ['cutoff']);
    const store = openMemoryStore();
    assert.deepEqual(codes(previewOf(store, plan({ space: closed }), machine).problems), [
      'space.impossible',
    ]);
    assert.throws(
      () => {
        requireCreatable(plan({ space: closed }));
      },
      { code: 'space.impossible' },
    );
    const late = plan({
      rule: { kind: 'asha', reductionFactor: 2, minimumResource: 1, rungs: [1, 16] },
    });
    assert.throws(
      () => {
        requireCreatable(late);
      },
      { code: 'search.rung-beyond-the-end' },
    );
    requireCreatable(plan());
  });

  void test('warns of more trials than graphs, of a rule that never decides, of tuning on the test images', () => {
    const odd = plan({
      space: paperSpace(1, 'resnet8'),
      training: training({ epochs: 1, protocol: 'paper' }),
      rule: paperRule,
    });
    assert.deepEqual(codes(previewOf(openMemoryStore(), odd, machine).warnings), [
      'search.more-trials-than-graphs',
      'search.no-rungs',
      'search.tuned-on-test',
    ]);
  });

  void test('expects a time once such graphs were trained, and knows teachers that are there', async () => {
    const store = await trained(3);
    const preview = previewOf(store, plan({ trials: 100, rule: { kind: 'none' } }), machine);
    assert.deepEqual(preview.missingPretrained, []);
    // A hundred draws of a space of 480 graphs are about ninety different ones.
    const most = (100 * 16 * 3) / 2;
    assert.ok(
      preview.expectedTime! < most && preview.expectedTime! > 0.8 * most,
      `${preview.expectedTime}`,
    );
  });

  void test('expects the time that a probe has measured, longer with starting points', () => {
    const space = { ...paperSpace(2, 'resnet8', ['resnet8']), frozen: false };
    const asked = plan({ space, trials: 20, rule: paperRule, duplicates: 'train' });
    const graph = fromText('resnet8=TT,resnet8=TT');
    const there = { ...machine, measured: () => ({ seconds: 5, graph }) };
    const timeOf = (change: Partial<typeof asked>) =>
      previewOf(openMemoryStore(), { ...asked, ...change }, there);
    const { expectedTime, measured } = timeOf({ rule: { kind: 'none' } });
    assert.deepEqual([measured, expectedTime], [true, (20 * asked.training.epochs * 5) / 2]);
    const without = timeOf({}).expectedTime!;
    const start = { methods: true, graphs: [], toTheEnd: true };
    assert.ok(timeOf({ start }).expectedTime! > without, 'they run to the end');
    assert.equal(timeOf({ start: { ...start, toTheEnd: false } }).expectedTime, without);
    assert.ok(timeOf({ audit: 0.5 }).expectedTime! > without, 'half of the stopped run on');
  });

  void test('what was trained elsewhere, or by another engine, says nothing about the time here', async () => {
    const store = await trained(3);
    const timeOn = (change: Partial<Machine>) =>
      previewOf(store, plan({ trials: 10 }), { ...machine, ...change }).expectedTime;
    assert.ok(timeOn({})! > 0);
    assert.equal(timeOn({ portable: true }), null);
    assert.equal(timeOn({ devices: ['NVIDIA H100'] }), null);
  });

  void test('other networks and other images take as much longer as they compute more', async () => {
    const store = await trained(3);
    const small = { ...plan().space, frozen: false };
    const few = plan({ space: small, trials: 10, rule: { kind: 'none' }, duplicates: 'train' });
    const large = {
      ...few,
      space: { ...paperSpace(2, 'resnet110', ['resnet110']), frozen: false },
    };
    const more = { ...few, training: training({ data: 'more' }) };
    const there = {
      ...machine,
      images: (data: string) => ({ train: data === 'more' ? 50_000 : 5000, test: 1000 }),
    };
    const timeOf = (asked: typeof few) => previewOf(store, asked, there).expectedTime!;
    const ratio = effort(large, there)! / effort(few, there)!;
    assert.ok(ratio > 5, `${ratio}`);
    assert.ok(Math.abs(timeOf(large) / timeOf(few) - ratio) < 1e-6);
    assert.ok(Math.abs(timeOf(more) / timeOf(few) - 10) < 1e-6);
    const unknown = previewOf(store, large, { ...machine, images: () => null });
    assert.equal(unknown.expectedTime, null);
  });
});

void test('multiply-adds are those of the papers', () => {
  assert.equal(multiplyAdds(architecture('resnet20')), 40_550_400, 'He et al.: 41 million');
  const wide = multiplyAdds(architecture('wrn-28-10'));
  assert.ok(Math.abs(wide / 5.2e9 - 1) < 0.02, 'Zagoruyko and Komodakis: 5.2 billion');
});

/** A lab that has trained ten trials at so many seconds an epoch. */
async function trained(seconds: number): Promise<Store> {
  const { store, scheduler, until, study } = scriptedLab({ seconds: () => seconds });
  const { id } = study({ trials: 10 });
  scheduler.resume({ study: id });
  await until(() => store.study(id).state === 'completed');
  await scheduler.close('save');
  return store;
}
