import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Pair, agreementOf } from '../../core/analysis/agreement.ts';

const pairs = (variant: string, by: readonly (number | null)[]): Pair[] =>
  by.map((step, at) => ({
    variant,
    expected: 0.7 + at / 100,
    found: step === null ? null : 0.7 + at / 100 + step,
  }));

test('numbers agree to the last bit, within their spread, or not', () => {
  const same = pairs('graph', [0, 0, 0]);
  assert.equal(agreementOf(same).kind, 'identical');
  assert.equal(
    agreementOf([...same, ...pairs('dml', [0.003, -0.004, 0.002])]).kind,
    'within-spread',
  );
  const apart = agreementOf([...same, ...pairs('dml', [0.03, 0.031, 0.029])]);
  assert.equal(apart.kind, 'different');
  assert.deepEqual(
    apart.graphs.map(({ variant, differs }) => [variant, differs]),
    [
      ['graph', false],
      ['dml', true],
    ],
  );
});

test('one run alone is held against the usual spread; missing runs are no agreement', () => {
  assert.equal(agreementOf(pairs('graph', [0.01])).kind, 'within-spread');
  assert.equal(agreementOf(pairs('graph', [-0.02])).kind, 'different');
  assert.equal(agreementOf(pairs('graph', [0, null])).kind, 'incomplete');
  assert.equal(agreementOf([]).kind, 'incomplete');
});

test('the same difference at every seed is held against the usual spread', () => {
  const by = (step: number): Pair[] =>
    [0.5, 0.75].map((expected) => ({ variant: 'graph', expected, found: expected + step }));
  assert.equal(agreementOf(by(1 / 128)).kind, 'within-spread', 'one image of 128');
  assert.equal(agreementOf(by(1 / 4)).kind, 'different');
});
