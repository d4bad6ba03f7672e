import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placesAt, searchAt, spanOf } from '../../../renderer/charts/search-film.ts';
import { placeTournament } from '../../../renderer/charts/tournament.ts';
import { columnEpochs } from '../../../renderer/charts/tournament-columns.ts';
import { curve, decision, trial } from '../rows.ts';

const [BEGIN, HOUR] = [1_000_000, 3_600_000];

/** The first trial stops after an hour at epoch 2; the second completes 8 epochs in two hours. */
const rows = [
  trial(1, {
    ...{ state: 'stopped', epoch: 2, accuracy: 0.3 },
    ...{ startedAt: BEGIN, endedAt: BEGIN + HOUR },
  }),
  trial(2, { accuracy: 0.8, epoch: 8, startedAt: BEGIN + HOUR, endedAt: BEGIN + 3 * HOUR }),
  trial(3, { state: 'waiting', epoch: 0, accuracy: null, startedAt: null, endedAt: null }),
];
const curves = new Map([
  [1, curve(1, [0.2, 0.3])],
  [2, curve(2, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])],
]);
const decisions = [
  { run: 1, at: BEGIN + HOUR, ...decision({ rung: 2, value: 0.3, go: false }) },
  { run: 2, at: BEGIN + 1.5 * HOUR, ...decision({ rung: 2, value: 0.2, go: true }) },
];
const at = (hours: number) => searchAt(rows, curves, decisions, BEGIN + hours * HOUR);

void test('a search begins with its first trial and ends with its last', () => {
  assert.deepEqual(spanOf(rows), [BEGIN, BEGIN + 3 * HOUR]);
  assert.equal(spanOf(rows.slice(2)), null);
});

void test('at a moment trials have the epochs and the accuracies of then', () => {
  const half = at(0.5);
  assert.deepEqual(
    half.rows.map(({ number, state, epoch, accuracy }) => [number, state, epoch, accuracy]),
    [[rows[0]!.number, 'running', 1, 0.2]],
  );
  assert.deepEqual([half.ended, half.decisions.length], [0, 0]);
  const later = at(2);
  assert.deepEqual(
    later.rows.map(({ state, epoch, accuracy }) => [state, epoch, accuracy]),
    [
      ['stopped', 2, 0.3],
      ['running', 4, 0.4],
    ],
  );
  assert.deepEqual([later.ended, later.decisions.length, later.best!.run], [1, 2, 2]);
});

void test('at its end a search is as it is', () => {
  const { rows: then, decisions: decided } = at(3);
  assert.deepEqual(then, rows.slice(0, 2));
  assert.deepEqual(decided, decisions);
});

void test('dots come with time, and axes stay where they are', () => {
  const layout = {
    ...{ rows, curves, decisions, epochs: columnEpochs([1, 2, 4], 8) },
    axis: 'rung' as const,
  };
  const whole = placeTournament(layout, { width: 400, height: 260 });
  const then = placesAt(whole, at(2));
  assert.deepEqual(
    then.columns.map(({ evaluated, continued }) => [evaluated, continued]),
    [
      [2, 0],
      [2, 1],
      [1, 0],
      [0, 0],
    ],
  );
  assert.ok(then.entries.every((entry) => whole.entries.includes(entry)));
  assert.deepEqual(
    then.columns.map(({ ends }) => ends),
    whole.columns.map(({ ends }) => ends),
  );
  assert.equal(placesAt(whole, at(3)).entries.length, whole.entries.length);
});
