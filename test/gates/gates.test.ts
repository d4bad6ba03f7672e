import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gate, gateNames, gates, isGateName, paperGates } from '../../core/gates/gates.ts';
import { contrast, difference, visions } from './color.ts';

describe('gates', () => {
  test('weights and masks equal their equations', () => {
    const at = (progress: number) =>
      gates.map((each) => [each.name, each.weight(progress), each.onlyCorrect, each.over]);
    assert.deepEqual(at(0.25), [
      ['through', 1, false, 'batch'],
      ['cutoff', 0, false, 'batch'],
      ['linear', 0.25, false, 'batch'],
      ['correct', 1, true, 'batch'],
      ['negative-linear', 0.75, false, 'batch'],
      ['half-cosine', Math.sin(Math.PI / 8) ** 2, false, 'batch'],
      ['correct-mean', 1, true, 'correct'],
    ]);
    assert.equal(gate('linear').weight(1), 1);
    assert.equal(gate('negative-linear').weight(1), 0);
  });

  test('the first weights of a long half-cosine are not lost to rounding', () => {
    const first = gate('half-cosine').weight(1 / 156_200);
    assert.ok(Math.abs(first - 1.0113e-10) < 1e-13, `${first}`);
    assert.ok(Math.fround(first) > 0);
  });

  test('the paper’s four come first and are the default of a space', () => {
    assert.deepEqual(paperGates, gateNames.slice(0, 4));
  });

  test('have different names, letters and dashes', () => {
    for (const key of ['name', 'letter', 'title', 'dash', 'color'] as const) {
      assert.equal(new Set(gates.map((each) => each[key])).size, gates.length, key);
    }
    for (const each of gates) assert.match(each.letter, /^[A-Z]$/);
  });

  test('refuse unknown names, inherited property names included', () => {
    for (const name of ['Through', 'toString', '__proto__', '']) {
      assert.equal(isGateName(name), false);
      assert.throws(() => gate(name), {
        code: 'gate.unknown',
        message: new RegExp(`"${name}".*through, cutoff`),
      });
    }
    assert.deepEqual(gateNames.filter(isGateName), gateNames);
  });

  test('have enough contrast on light and dark backgrounds', () => {
    for (const { name, color } of gates) {
      for (const background of ['#ffffff', '#15171c']) {
        assert.ok(
          contrast(color, background) >= 3,
          `${name} on ${background}: ${contrast(color, background)}`,
        );
      }
    }
  });

  test('have distinct colours for every kind of colour vision', () => {
    for (const vision of visions) {
      for (const [i, one] of gates.entries()) {
        for (const other of gates.slice(i + 1)) {
          const apart = difference(one.color, other.color, vision);
          assert.ok(apart >= 20, `${one.name} and ${other.name} for ${vision}: ${apart}`);
        }
      }
    }
  });
});
