import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AuditedTrial, auditOf } from '../../core/analysis/audit.ts';
import { rungAdvice } from '../../core/analysis/rung-choice.ts';
import { stream } from '../../core/base/random.ts';

const EPOCHS = 16;

/** A trial whose value is its end from epoch `from` on, and says nothing before. */
function trial(end: number, from: number, random = stream('trial', end)): AuditedTrial {
  const curve = Array.from({ length: EPOCHS }, (_, at) => (at + 1 < from ? random.uniform() : end));
  return { values: new Map(), end, stoppedAt: null, curve };
}
const trials = (count: number, from: number): AuditedTrial[] =>
  Array.from({ length: count }, (_, at) => trial((at + 1) / count, from, stream(at, from)));

void describe('advice on rungs', () => {
  void test('where the first epoch tells all, the harshest rule keeps every good graph', () => {
    const { best, choices } = rungAdvice(trials(100, 1), EPOCHS);
    for (const { reduction, firstRung, kept } of choices) {
      // Of 100 trials one in 27 or fewer comes to the end, and five are good.
      const isTooHarsh = reduction === 3 && firstRung === 1;
      assert.equal(kept === 1, !isTooHarsh, `${firstRung}, ${reduction}`);
    }
    assert.equal(best!.kept, 1);
    assert.deepEqual([best!.firstRung, best!.reduction], [1, 4], 'the cheapest of them');
  });

  void test('where early epochs say nothing, the first rung comes after them', () => {
    const { best, choices } = rungAdvice(trials(100, 4), EPOCHS);
    assert.deepEqual([best!.firstRung, best!.reduction, best!.kept], [4, 4, 1]);
    for (const { firstRung, kept, reduction } of choices) {
      if (firstRung < 4) assert.ok(kept < 0.8, `${firstRung}, ${reduction}: ${kept}`);
      else if (firstRung * reduction >= 4) assert.ok(kept > 0.9);
    }
  });

  void test('a rule costs the epochs that its trials take', () => {
    const { choices } = rungAdvice(trials(64, 1), EPOCHS);
    const paper = choices.find((each) => each.firstRung === 1 && each.reduction === 2)!;
    // All one epoch, half of them another one, a quarter two more, and so on.
    assert.equal(paper.epochs, 1 + 1 / 2 + 2 / 4 + 4 / 8 + 8 / 16);
  });

  void test('audits stand for all stopped trials', () => {
    // The rule let 20 weak trials through and stopped 80; the 10 that ran on are the good ones.
    const through = trials(20, 1).map((each) => ({
      ...each,
      end: 0.1,
      curve: new Array<number>(EPOCHS).fill(0.1),
    }));
    const ranOn = Array.from({ length: 10 }, () => ({ ...trial(0.9, 9), stoppedAt: 1 }));
    const stopped = Array.from({ length: 70 }, () => ({
      ...{ values: new Map<number, number>(), end: null, stoppedAt: 1, curve: [0.3] },
    }));
    const { trials: known, choices } = rungAdvice([...through, ...ranOn, ...stopped], EPOCHS);
    assert.equal(known, 30);
    for (const { kept } of choices.filter(({ firstRung }) => firstRung >= 9)) assert.equal(kept, 1);
  });

  void test('too few whole courses, spared trials and missing epochs give none', () => {
    assert.deepEqual(rungAdvice([], EPOCHS), { trials: 0, good: 0, choices: [], best: null });
    assert.equal(rungAdvice(trials(9, 1), EPOCHS).best, null);
    const spared = trials(20, 1).map((each) => ({ ...each, isSpared: true }));
    assert.equal(rungAdvice(spared, EPOCHS).trials, 0);
    assert.equal(rungAdvice(trials(20, 1), 17).trials, 0);
    const broken = trials(20, 1).map((each) => ({ ...each, curve: each.curve!.with(3, NaN) }));
    assert.equal(rungAdvice(broken, EPOCHS).trials, 0);
    assert.deepEqual(rungAdvice(trials(20, 1), 1).choices, []);
  });

  void test('without an audit nothing is advised: survivors look as if the rungs were right', () => {
    const some = trials(20, 1);
    assert.notEqual(rungAdvice(some, EPOCHS).best, null);
    const stopped = { values: new Map<number, number>(), end: null, stoppedAt: 1, curve: [0.3] };
    assert.deepEqual(rungAdvice([...some, stopped], EPOCHS).choices, []);
  });

  void test('what had to be spared is no sample of what the rule loses', () => {
    const some = trials(20, 1).map((each, at) => ({ ...each, stoppedAt: at % 3 === 0 ? 1 : null }));
    const yardstick = { ...trial(2, 1), isSpared: true };
    const without = auditOf(some);
    const withIt = auditOf([...some, yardstick]);
    assert.deepEqual([withIt.lost, withIt.ranOnGood], [without.lost, without.ranOnGood]);
  });
});
