import assert from 'node:assert/strict';
import { test } from 'node:test';
import { winnersCurseOf, winnersCurseText } from '../../core/analysis/winners-curse.ts';
import { isJudgedAlike } from '../../core/study/plan.ts';
import { training } from '../contract/samples.ts';

const best = { study: 1, number: 7, state: 'completed', accuracy: 0.66 };
const searched = training({ protocol: 'held-out', purpose: 'search' });
const isAlike = (other: typeof searched): boolean => isJudgedAlike(searched, other);

const rerun = (id: number, purpose: 'search' | 'final', ...values: number[]) => ({
  rerun: { id, study: 1, trial: 7, training: { ...searched, purpose } },
  variants: [
    {
      mean: values.reduce((sum, value) => sum + value, 0) / values.length,
      values: values.map((accuracy) => ({ accuracy })),
    },
  ],
});

test('the luck of the best is told by a re-run with the same images, with its interval', () => {
  const alike = rerun(1, 'search', 0.6, 0.62, 0.61);
  const found = winnersCurseOf(best, [alike, rerun(2, 'final', 0.7, 0.71)], isAlike)!;
  assert.equal(found.rerun, 1, 'the newest re-run judges by other images');
  assert.ok(Math.abs(found.difference! - 0.05) < 1e-12);
  assert.equal(
    winnersCurseText(found),
    '5.00 points above the mean of its re-run (95 % interval 2.52 to 7.48): ' +
      'the best of many trials was also lucky',
  );
});

test('a re-run on other images tells nothing of luck', () => {
  const found = winnersCurseOf(best, [rerun(2, 'final', 0.62, 0.61)], isAlike)!;
  assert.deepEqual([found.difference, found.interval, found.seeds], [null, null, 2]);
  assert.match(winnersCurseText(found), /other images .* cannot be told how lucky/);
});

test('with the protocol of the paper both purposes use the same images', () => {
  const paper = training({ protocol: 'paper', purpose: 'search' });
  assert.ok(isJudgedAlike(paper, { ...paper, purpose: 'final' }));
  assert.ok(!isJudgedAlike(searched, { ...searched, purpose: 'final' }));
  assert.ok(!isJudgedAlike(searched, { ...searched, splitSeed: searched.splitSeed + 1 }));
  assert.ok(!isJudgedAlike(searched, { ...searched, epochs: searched.epochs + 1 }));
});

test('one seed or a wide interval shows no luck', () => {
  const one = rerun(1, 'search', 0.6);
  assert.match(
    winnersCurseText(winnersCurseOf(best, [one], isAlike)!),
    /^6\.00 points above the mean of its re-run: luck is not shown by so few seeds$/,
  );
  const wide = winnersCurseOf(best, [rerun(1, 'search', 0.6, 0.7)], isAlike)!;
  assert.match(winnersCurseText(wide), /luck is not shown/);
  const below = winnersCurseOf(best, [rerun(1, 'search', 0.7, 0.71)], isAlike)!;
  assert.equal(winnersCurseText(below), '4.50 points below the mean of its re-run');
});

test('without a result or a re-run there is none', () => {
  assert.equal(winnersCurseOf(best, [], isAlike), null);
  assert.equal(winnersCurseOf(null, [rerun(1, 'search', 0.6)], isAlike), null);
  const running = { ...best, state: 'running' };
  assert.equal(winnersCurseOf(running, [rerun(1, 'search', 0.6)], isAlike), null);
  assert.equal(
    winnersCurseOf({ ...best, accuracy: null }, [rerun(1, 'search', 0.6)], isAlike),
    null,
  );
});
