import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { StudyEffects } from '../../../core/lab/api.ts';
import {
  drawEffects,
  effectLimit,
  effectsHeight,
  effectsLegend,
} from '../../../renderer/charts/effects.ts';
import { light } from '../../../renderer/ui/colors.ts';
import {
  adviceText,
  choiceOnText,
  effectSentence,
  interactionText,
  isClear,
  knownEffects,
  lockText,
  withLocks,
  type KnownEffect,
} from '../../../renderer/words/effects.ts';
import { playedLab } from '../played-lab.ts';

const lab = playedLab([{ trials: 120, epochs: 4 }]);
after(() => lab.close('at-once'));
const found = await lab.request('studies.effects', { study: 1, rung: 1 });
const card = await lab.request('studies.open', { study: 1 });
const size = { width: 640, height: effectsHeight(3) };

describe('effects of a played study', () => {
  const known = knownEffects(found);

  test('a closed label edge is the clearest loss, since its label makes the accuracy', () => {
    const [first] = known.filter(isClear);
    assert.match(
      effectSentence(first!, found),
      /^Cutoff on Label→1: −\d.\d ± \d.\d points, n = \d+$/,
    );
  });

  test('choices of each part are named, with the edge or node that has them', () => {
    const edge = { source: 2, destination: 1 };
    const named = [
      { kind: 'model', node: 2, choices: ['resnet110'] },
      { kind: 'gate', ...edge, choices: ['correct'] },
      { kind: 'kind', ...edge, choices: ['attention-repel'] },
      { kind: 'weight', ...edge, choices: ['0.1'] },
      { kind: 'temperature', ...edge, choices: ['4'] },
    ] as const;
    assert.deepEqual(
      named.map((dimension) => choiceOnText(dimension, 0)),
      [
        'ResNet110 at node 2',
        'Correct on 2→1',
        'Attention, repel on 2→1',
        'weight 0.1 on 2→1',
        'temperature 4 on 2→1',
      ],
    );
  });

  test('advice on the rule is one sentence, none without whole courses', () => {
    const best = { firstRung: 4, reduction: 2, kept: 0.917, epochs: 5.04 };
    const audit = { ...found.audit, advice: { trials: 36, good: 2, choices: [best], best } };
    assert.equal(
      adviceText({ ...found, audit }),
      'Advice: first rung at epoch 4, one in 2 continues. It keeps 92 % of the best 5 % for 5.0 ' +
        'epochs a trial (from 36 complete curves, 2 of them good).',
    );
    const none = { ...audit, advice: { trials: 3, good: 0, choices: [], best: null } };
    assert.equal(adviceText({ ...found, audit: none }), '');
  });

  test('an interval as wide as accuracies can be is no effect', () => {
    const wide = found.effects.map((each) => ({ ...each, low: -2.1, high: 2.1 }));
    assert.deepEqual(knownEffects({ ...found, effects: wide }), []);
  });

  test('choices without alternatives have no effect', () => {
    const single = found.dimensions.findIndex(({ choices }) => choices.length === 1);
    assert.ok(single >= 0, 'the target has one network');
    assert.ok(known.every(({ dimension }) => dimension !== single));
  });

  test('every effect is a dot in the cell of its edge, in the lane of its gate', () => {
    const { points, marks } = drawEffects(found, 3, size, light);
    assert.equal(points.length, known.length);
    const cell = (source: number, destination: number) =>
      points.filter(({ effect }) => {
        const of = found.dimensions[effect.dimension]!;
        return of.kind === 'gate' && of.source === source && of.destination === destination;
      });
    const [label, two] = [cell(0, 1), cell(2, 1)];
    assert.equal(label.length, 4);
    assert.ok(Math.max(...label.map(({ x }) => x)) < Math.min(...two.map(({ x }) => x)));
    assert.ok(Math.max(...label.map(({ y }) => y)) < Math.min(...cell(0, 2).map(({ y }) => y)));
    const [lowest] = label.toSorted((a, b) => b.y - a.y);
    const of = found.dimensions[lowest!.effect.dimension]!;
    assert.equal(of.choices[lowest!.effect.choice], 'cutoff');
    for (const { x, y } of points) assert.ok(x > 0 && x < 640 && y > 0 && y < size.height);
    assert.ok(
      marks.some(({ opacity }) => opacity === 0.28),
      'an interval with 0 is pale',
    );
  });

  test('a gate that the paper lacks has a lane only where the study may choose it', () => {
    const edge = found.dimensions.findIndex(({ kind }) => kind === 'gate');
    const width = (of: StudyEffects): number => {
      const { points } = drawEffects(of, 3, size, light);
      const xs = points.filter(({ effect }) => effect.dimension === edge).map(({ x }) => x);
      return Math.max(...xs) - Math.min(...xs);
    };
    const more: StudyEffects = {
      ...found,
      dimensions: found.dimensions.map((of) =>
        of.kind === 'gate' ? { ...of, choices: [...of.choices, 'half-cosine' as const] } : of,
      ),
    };
    const letters = (of: StudyEffects) => effectsLegend(of, light).map(({ text }) => text[0]);
    assert.deepEqual([letters(found), letters(more)], [[...'TXLC'], [...'TXLCS']]);
    assert.ok(width(more) < width(found));
  });

  test('locks narrow the space of the study, and are written as choices', () => {
    const at = found.dimensions.findIndex(
      (of) => of.kind === 'gate' && of.source === 0 && of.destination === 1,
    );
    const choices = found.dimensions[at]!.choices.map((_, i) => i).slice(0, 2);
    const locked: StudyEffects = { ...found, locks: [{ dimension: at, choices }] };
    assert.match(lockText(locked.locks[0]!, locked), /^Label→1 = \w+ or \w+$/);
    const { space } = card.study.plan;
    const narrow = withLocks(space, locked);
    const edge = narrow.edges.find((each) => each.source === 0 && each.destination === 1)!;
    assert.deepEqual(edge.gates, found.dimensions[at]!.choices.slice(0, 2));
    assert.equal(narrow.edges.filter(({ gates }) => gates.length === 4).length, 8);
  });

  test('a pair that interacts is named with its p', () => {
    const pair = { a: 3, b: 4, f: 9, above: 9, below: 100, p: 0.0001, adjusted: 0.0004 };
    assert.match(interactionText(pair, found), /→\d and .*→\d: p < 0.001$/);
  });
});

test('effects of few trials do not squeeze the others', () => {
  const effect = (value: number, half: number): KnownEffect => ({
    dimension: 0,
    choice: 0,
    count: 5,
    mean: 0.5,
    effect: value,
    low: value - half,
    high: value + half,
    p: 0.5,
    adjusted: 0.5,
  });
  const limit = effectLimit([effect(0.02, 0.01), effect(-0.01, 0.01), effect(0.05, 0.4)]);
  assert.ok(limit < 0.04, String(limit));
  assert.ok(effectLimit([]) > 0);
});
