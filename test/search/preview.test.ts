import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { paperSpace, withGates } from '../../core/graph/space.ts';
import { previewOf, requireCreatable } from '../../core/search/preview.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import { paperRule } from '../../core/study/plan.ts';
import { plan, training } from '../contract/samples.ts';
import { scriptedLab } from './lab.ts';

const codes = (problems: { code: string }[]): string[] => problems.map((problem) => problem.code);

void describe('preview of a study', () => {
  void test('names what is missing and how large the space is', () => {
    const preview = previewOf(openMemoryStore(), plan({ space: paperSpace(3) }), 4);
    assert.deepEqual(preview.missingPretrained, ['resnet32', 'resnet110', 'wrn-28-2']);
    assert.equal(preview.spaceSize, '2359296');
    assert.equal(preview.expectedTime, null);
    assert.deepEqual([codes(preview.problems), codes(preview.warnings)], [[], ['search.pretraining-first']]);
  });

  void test('impossible spaces and rungs beyond the end are problems', () => {
    const closed = withGates(withGates(paperSpace(2), 0, 1, ['cutoff']), 2, 1, ['cutoff']);
    const store = openMemoryStore();
    assert.deepEqual(codes(previewOf(store, plan({ space: closed }), 1).problems), ['space.impossible']);
    assert.throws(
      () => {
        requireCreatable(plan({ space: closed }));
      },
      { code: 'space.impossible' },
    );
    const late = plan({ rule: { kind: 'asha', reductionFactor: 2, minimumResource: 1, rungs: [1, 16] } });
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
    assert.deepEqual(codes(previewOf(openMemoryStore(), odd, 1).warnings), [
      'search.more-trials-than-graphs',
      'search.no-rungs',
      'search.tuned-on-test',
    ]);
  });

  void test('expects a time once such graphs were trained, and knows teachers that are there', async () => {
    const { store, scheduler, until, study } = scriptedLab({ seconds: () => 3 });
    const { id } = study({ trials: 10 });
    scheduler.resume({ study: id });
    await until(() => store.study(id).state === 'completed');
    await scheduler.close('save');
    const preview = previewOf(store, plan({ trials: 100, rule: { kind: 'none' } }), 2);
    assert.deepEqual(preview.missingPretrained, []);
    // A hundred draws of a space of 480 graphs are about ninety different ones.
    const most = (100 * 16 * 3) / 2;
    assert.ok(preview.expectedTime! < most && preview.expectedTime! > 0.8 * most, `${preview.expectedTime}`);
  });
});
