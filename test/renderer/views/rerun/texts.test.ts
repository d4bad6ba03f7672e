import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RerunView, TrialRow, VariantView } from '../../../../core/lab/api.ts';
import { seedText, sharedRunsText, standingText } from '../../../../renderer/views/rerun/texts.ts';
import { trial } from '../../rows.ts';

const variant = (name: VariantView['name'], ...runs: TrialRow[]): VariantView =>
  ({ name, runs }) as Partial<VariantView> as VariantView;
const view = (state: RerunView['rerun']['state'], ...runs: TrialRow[]): RerunView =>
  ({ rerun: { state }, variants: [variant('graph', ...runs)] }) as unknown as RerunView;

test('a paused or stopped re-run says that its runs still train', () => {
  const running = trial(1, { state: 'running' });
  assert.equal(standingText(view('paused', running)), 'pausing after this epoch');
  assert.equal(standingText(view('stopped', running)), 'stopping');
  assert.equal(standingText(view('paused', trial(1))), 'paused');
  assert.equal(standingText(view('running', running)), 'running');
});

test('a seed shows its accuracy, how far it is while it trains, and its state without one', () => {
  assert.equal(seedText(trial(1, { accuracy: 0.7312 })), '73.1 %');
  assert.equal(
    seedText(trial(1, { state: 'running', accuracy: 0.5, epoch: 3 })),
    '50.0 %, epoch 3 / 8',
  );
  assert.equal(seedText(trial(1, { state: 'waiting', accuracy: null })), 'waiting');
  assert.equal(seedText(trial(1, { state: 'cancelled', accuracy: 0.5 })), 'cancelled at 50.0 %');
});

test('a variant with the same graph as an earlier one names it', () => {
  const shared = trial(1);
  const variants = [
    variant('graph', shared),
    variant('independent', trial(2)),
    variant('dml', shared),
  ];
  assert.equal(sharedRunsText(variants, variants[0]!), '');
  assert.equal(sharedRunsText(variants, variants[1]!), '');
  assert.equal(
    sharedRunsText(variants, variants[2]!),
    'the same graph as the re-run; both share their runs',
  );
  const methods = [variant('independent', shared), variant('dml', shared)];
  assert.equal(
    sharedRunsText(methods, methods[1]!),
    'the same graph as Independent; both share their runs',
  );
});
