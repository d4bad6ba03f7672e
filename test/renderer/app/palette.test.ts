import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { paletteEntries } from '../../../renderer/app/palette.ts';
import type { Route } from '../../../renderer/routes.ts';
import { playedLab } from '../played-lab.ts';

const lab = playedLab([
  { trials: 20, epochs: 2 },
  { name: 'Other', trials: 8, epochs: 2, ends: 'halfway' },
]);
after(() => lab.close('at-once'));
const cards = await lab.request('studies.list', {});
const found = (text: string, route: Route = { view: 'studies' }) =>
  paletteEntries(text, { cards, reruns: [], route });
const study: Route = { view: 'study', study: 1, trial: null };

test('a number leads to its trial of the open study, else of all studies that have it', () => {
  for (const text of ['7', '#7', 'trial 7', 'Trial #7'])
    assert.deepEqual(found(text, study), [
      { title: 'Trial 7', hint: 'Played', does: { href: '#/studies/1/trial/7' } },
    ]);
  assert.deepEqual(
    found('7').map(({ hint }) => hint),
    ['Played', 'Other'],
  );
  assert.deepEqual(
    found('12').map(({ hint }) => hint),
    ['Played'],
  );
});

test('pages, studies and actions are found by their words; a beginning counts more', () => {
  assert.deepEqual(found('da')[0]!.does, { href: '#/data' });
  assert.equal(found('played')[0]!.hint, 'study');
  assert.deepEqual(found('dark')[0]!.does, { kind: 'theme', theme: 'dark' });
  assert.deepEqual(found('zzz'), []);
});

test('the open study has its best trial, and is resumed where it is paused', () => {
  assert.match(found('best', study)[0]!.title, /^Best trial: \d+, \d+\.\d\d %$/);
  assert.equal(found('resume', study).length, 0, 'it is completed');
  const other: Route = { view: 'study', study: 2, trial: null };
  assert.deepEqual(found('resume', other)[0]!.does, { kind: 'resume', study: 2 });
});
