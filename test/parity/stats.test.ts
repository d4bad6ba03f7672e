import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Tolerances } from './compare.ts';
import { statsParity } from './stats.ts';

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../fixtures/ktg2/${name}.json`, import.meta.url), 'utf8'));
const { classes } = read('tolerances') as { classes: { float32: Tolerances } };

void test('statistics equal the answers of scipy, statsmodels and Optuna', () => {
  const { passed, failed, failures } = statsParity('stats', read('stats'), classes.float32);
  assert.equal(failed, 0, failures.join('\n'));
  assert.ok(passed >= 480, `only ${passed} comparisons`);
});

void test('a wrong statistic is noticed', () => {
  const stats = read('stats') as { holm: { p: number[] }[] };
  stats.holm[1]!.p[0]! += 0.001;
  assert.ok(statsParity('stats', stats, classes.float32).failed > 0);
});
