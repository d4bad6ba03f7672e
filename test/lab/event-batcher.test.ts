import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dml, training } from '../contract/samples.ts';
import { eventOf, scriptedLab } from './support.ts';

test('the table of a re-run, which may hold hundreds of runs, is told once a second; each epoch is told at once', async () => {
  const lab = scriptedLab({ slots: 1, pace: 10 });
  const told = { tables: 0, epochs: 0 };
  lab.subscribe(['reruns', 'metrics'], (event) => {
    if (event.type === 'rerun') told.tables++;
    if (event.type === 'epochs') told.epochs += event.epochs.length;
  });
  const began = Date.now();
  await lab.request('reruns.create', {
    name: 'R',
    from: { graph: dml },
    seeds: 1,
    baselines: [],
    training: training({ epochs: 150 }),
    start: true,
  });
  await eventOf(lab, 'reruns', 'rerun', ({ rerun }) => rerun.rerun.state === 'completed');
  const seconds = (Date.now() - began) / 1000;
  assert.equal(told.epochs, 150);
  // Its begin, its end, and the first epoch beside those of every second.
  assert.ok(told.tables <= seconds + 4, `${told.tables} tables in ${seconds} s`);
  await lab.close();
});
