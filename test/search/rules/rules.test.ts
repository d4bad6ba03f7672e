import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as v from 'valibot';
import { planFrom } from '../../../core/commands/plan.ts';
import { command as search } from '../../../core/commands/search.ts';
import { usageOf } from '../../../core/commands/usage.ts';
import { ruleOf, ruleSchema, rules } from '../../../core/search/rules/rules.ts';
import { samplerNames } from '../../../core/search/samplers/samplers.ts';
import { studyPlanSchema } from '../../../core/study/plan.ts';
import { plan } from '../../contract/samples.ts';

const usage = usageOf(search);

void describe('list of stopping rules', () => {
  for (const { kind } of rules) {
    const rule = ruleOf(kind);
    void test(`${kind}: its usual options are a plan's, and its fields name options that it has`, () => {
      assert.deepEqual(v.parse(ruleSchema, rule.usual), rule.usual);
      assert.deepEqual(
        v.parse(studyPlanSchema, plan({ rule: rule.usual, trials: 3 })).rule,
        rule.usual,
      );
      const unknown = { ...rule.usual, unknownOption: 1 };
      assert.equal(v.safeParse(ruleSchema, unknown).success, false);
      for (const field of rule.fields) {
        const value = field.type === 'whole' ? field.least : [field.least];
        const changed = { ...rule.usual, [field.key]: value };
        assert.deepEqual(v.parse(ruleSchema, changed), changed, field.key);
      }
    });

    void test(`${kind}: the command line knows it and its options`, () => {
      assert.match(usage, new RegExp(`--rule R.*\\b${kind}\\b`));
      assert.deepEqual(planFrom({ rule: kind }).rule, rule.usual);
      for (const field of rule.fields) {
        assert.match(usage, new RegExp(`--${field.option} .*${field.usage}`));
        const given = planFrom({ rule: kind, epochs: '64', [field.option]: '5' }).rule;
        const value = field.type === 'whole' ? 5 : [5];
        assert.deepEqual(given, { ...rule.usual, [field.key]: value });
      }
    });

    void test(`${kind}: rungs lie below the last epoch and ascend`, () => {
      for (const epochs of [1, 2, 8, 200]) {
        const rungs = rule.rungs(rule.usual, epochs);
        assert.ok(rungs.every((rung, at) => rung < epochs && rung > (rungs[at - 1] ?? 0)));
      }
    });
  }

  void test('a rule of another kind is refused', () => {
    assert.equal(v.safeParse(ruleSchema, { kind: 'unknown' }).success, false);
    assert.throws(() => planFrom({ rule: 'unknown' }), /--rule is "unknown"/);
  });
});

void describe('list of samplers', () => {
  void test('a plan may name each of them and no other', () => {
    for (const sampler of samplerNames) {
      assert.equal(v.parse(studyPlanSchema, plan({ sampler })).sampler, sampler);
      assert.equal(planFrom({ sampler }).sampler, sampler);
      assert.match(usage, new RegExp(`--sampler S.*\\b${sampler}\\b`));
    }
    assert.equal(v.safeParse(studyPlanSchema, { ...plan(), sampler: 'unknown' }).success, false);
    assert.throws(() => planFrom({ sampler: 'unknown' }), /--sampler is "unknown"/);
  });
});
