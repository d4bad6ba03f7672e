import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RerunView, StudyCard } from '../../../core/lab/api.ts';
import { parseRoute } from '../../../renderer/routes.ts';
import { titleOf } from '../../../renderer/app/title.ts';

test('every page has a title of its own for tabs, history and screen readers', () => {
  const lab = {
    cards: [{ study: { id: 3, name: 'M = 3' } }] as StudyCard[],
    reruns: [{ rerun: { id: 2, name: 'M = 3, trial 7' } }] as RerunView[],
  };
  const title = (hash: string): string => titleOf(parseRoute(hash), lab);
  assert.equal(title('#/studies'), 'Studies - KTG lab');
  assert.equal(title('#/studies/3'), 'M = 3 - KTG lab');
  assert.equal(title('#/studies/9'), 'Study - KTG lab', 'an unknown study');
  assert.equal(title('#/studies/3/trial/5'), 'Trial 5 of M = 3 - KTG lab');
  assert.equal(title('#/reruns/2'), 'Re-run: M = 3, trial 7 - KTG lab');
  assert.equal(title('#/reruns/9'), 'Re-run - KTG lab', 'an unknown re-run');
  const others = [
    '',
    '#/studies/new',
    '#/graphs',
    '#/graph/a',
    '#/compare',
    '#/reruns',
    '#/data',
    '#/settings',
    '#/log',
    '#/runs/4',
    '#/nonsense',
  ];
  assert.equal(new Set(others.map(title)).size, others.length);
});
