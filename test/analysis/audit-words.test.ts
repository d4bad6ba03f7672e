import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditNote, auditSentences } from '../../core/analysis/audit-words.ts';
import type { RuleAudit } from '../../core/analysis/report.ts';

const nothing: RuleAudit = {
  ...{ rungs: [], lost: null, stopped: 0, ranOn: 0, ranOnGood: 0, firstRung: null },
  advice: { trials: 0, good: 0, choices: [], best: null },
};
const known: RuleAudit['rungs'] = [
  { rung: 1, trials: 30, correlation: { value: 0.416, low: 0.1, high: 0.66 } },
  { rung: 2, trials: 3, correlation: null },
  { rung: 4, trials: 1, correlation: { value: 0.9, low: 0.8, high: 0.95 } },
];

test('without completed trials the rule is unknown, in one sentence', () => {
  assert.deepEqual(auditSentences(nothing), [
    'It is unknown how well the stopping rule decides: too few trials were completed.',
  ]);
});

test('rank correlations stand with their intervals, and those of too few trials are left out', () => {
  assert.deepEqual(auditSentences({ ...nothing, rungs: known }), [
    'Rank correlation with the last epoch, 95 % interval: ' +
      'epoch 1 0.42, 0.10 to 0.66 (30 trials), epoch 4 0.90, 0.80 to 0.95 (1 trial)',
  ]);
});

test('without an audit neither ranks nor lost graphs are known, and with a small one only ranks', () => {
  const [none] = auditSentences({ ...nothing, stopped: 40 });
  assert.match(none!, /^No stopped trial continued for the audit, so it is unknown how well/);
  const few = { ...nothing, rungs: known, stopped: 40, ranOn: 2, ranOnGood: 1 };
  assert.equal(
    auditSentences(few)[1],
    '2 stopped trials continued for the audit: too few to tell how many good graphs were stopped',
  );
});

test('the share of lost graphs stands with its interval', () => {
  const lost = { value: 0.8, low: 1 / 3, high: 0.944 };
  const audited = { ...nothing, stopped: 80, ranOn: 10, ranOnGood: 1, lost };
  assert.deepEqual(auditSentences(audited), [
    '10 stopped trials continued for the audit, 1 of them among the best tenth: the rule stopped ' +
      'about 80 % of the good graphs (95 % interval 33 % to 94 %)',
  ]);
});

test('a trial of the audit says so, while it continues and after', () => {
  assert.equal(auditNote({ state: 'running', audit: 4 }), '; continues for the audit');
  assert.equal(auditNote({ state: 'stopped', audit: 4 }), '; continued for the audit');
  assert.equal(auditNote({ state: 'stopped' }), '');
});
