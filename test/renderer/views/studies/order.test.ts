import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { bestSoFar } from '../../../../renderer/views/studies/best-so-far.ts';
import { shownStudies } from '../../../../renderer/views/studies/order.ts';
import { playedLab } from '../../played-lab.ts';
import { trial } from '../../rows.ts';

const lab = playedLab([
  { name: 'Long', trials: 20, epochs: 8 },
  { name: 'Alpha', trials: 3, epochs: 2 },
  { name: 'Broken', trials: 2, epochs: 2, ends: 'failed' },
]);
after(() => lab.close('at-once'));
const cards = await lab.request('studies.list', {});
const names = (...[text, order]: [string, 'newest' | 'name' | 'best']): string[] =>
  shownStudies(cards, text, order, []).map(({ study }) => study.name);

test('studies are found by name, size and state', () => {
  assert.deepEqual(names('', 'newest'), ['Broken', 'Alpha', 'Long']);
  assert.deepEqual(names('alp', 'newest'), ['Alpha']);
  assert.deepEqual(names('without result', 'newest'), ['Broken']);
  assert.deepEqual(names('3 nodes 8', 'newest'), ['Long']);
  assert.deepEqual(names('nothing', 'newest'), []);
});

test('studies are found by their tags', () => {
  const tagged = cards.map((card) =>
    card.study.name === 'Alpha' ? { ...card, study: { ...card.study, tags: ['paper'] } } : card,
  );
  assert.deepEqual(
    shownStudies(tagged, 'paper', 'newest', []).map(({ study }) => study.name),
    ['Alpha'],
  );
});

test('studies are ordered by name, and by their best; those without come last', () => {
  assert.deepEqual(names('', 'name'), ['Alpha', 'Broken', 'Long']);
  assert.deepEqual(names('', 'best'), ['Long', 'Alpha', 'Broken']);
});

test('the best so far rises from corner to corner, in the order in which trials ended', () => {
  const rows = [
    trial(1, { accuracy: 0.4, endedAt: 3 }),
    trial(2, { accuracy: 0.2, endedAt: 1 }),
    trial(3, { accuracy: 0.1, endedAt: 2 }),
    trial(4, { accuracy: 0.9, endedAt: 2, state: 'stopped' }),
  ];
  assert.deepEqual(bestSoFar(rows), [
    { x: 0, y: 0 },
    { x: 0.5, y: 0 },
    { x: 1, y: 1 },
  ]);
  assert.deepEqual(bestSoFar(rows.slice(0, 1)), []);
});
