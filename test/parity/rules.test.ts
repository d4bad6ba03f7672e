import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { ashaParity } from './asha.ts';
import { edgesParity } from './edges.ts';
import { gatesParity } from './gates.ts';
import { plainLoss } from './loss.ts';
import { modelsParity, modelsParity2 } from './models.ts';
import type { ParityReport } from './report.ts';
import { dropsParity, schedulesParity } from './schedules.ts';

const read = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../fixtures/${path}`, import.meta.url), 'utf8'));

function perfect({ passed, failed, failures }: ParityReport, atLeast: number): void {
  assert.equal(failed, 0, failures.join('\n'));
  assert.ok(passed >= atLeast, `only ${passed} comparisons`);
}

describe('answers that need no engine', () => {
  test("every decision of Optuna's successive halving", () => {
    perfect(ashaParity('sequences', read('asha/sequences.json')), 3800);
    perfect(ashaParity('extra', read('asha/extra.json')), 430);
  });

  test('the gates in plain float64', () => {
    const exact = { gate_loss: 1e-11, gate_grad: 1e-11 };
    perfect(gatesParity('gates', read('ktg/gates.json'), exact, plainLoss), 400);
  });

  test('single edges in plain float64, sources that are not finite among them', () => {
    const exact = { gate_loss: 1e-11, gate_grad: 1e-11, edge_logits: 1e-11 };
    perfect(edgesParity('edges', read('ktg2/edges.json'), exact, plainLoss), 4000);
  });

  test('schedules', () => perfect(schedulesParity('schedules', read('ktg/schedules.json')), 40));

  test('drops and rates of every recipe, and weights of every gate', () => {
    perfect(dropsParity('schedules', read('ktg2/schedules.json')), 600);
  });

  test('drops that no published recipe has are read from the fixture', () => {
    const fixture = {
      kind: 'schedules2',
      drops: [
        {
          ...{ recipe: 'own', drops: [40, 70], base: 100 },
          lengths: [
            { epochs: 100, drops: [40, 70] },
            { epochs: 10, drops: [4, 7] },
            { epochs: 3, drops: [2] },
          ],
        },
      ],
      rates: [
        {
          recipe: {
            ...{ lr: 0.2, rule: 'steps', factor: 0.1, drops: [40, 70], base: 100, warmup: 2 },
          },
          epochs: 50,
          values: [
            { epoch: 1, lr: 0.1 },
            { epoch: 19, lr: 0.2 },
            { epoch: 20, lr: 0.02 },
            { epoch: 35, lr: 0.002 },
          ],
        },
      ],
      gates: [],
    };
    perfect(dropsParity('own', fixture), 7);
    fixture.rates[0]!.recipe.drops = [60, 120];
    assert.ok(dropsParity('own', fixture).failed > 0);
  });

  test('parameter counts', () => {
    perfect(modelsParity('param_counts', read('ktg/param_counts.json')), 45);
    perfect(modelsParity2('param_counts', read('ktg2/param_counts.json')), 240);
  });

  test('a wrong answer is noticed', () => {
    const wrong = ashaParity('sequences', {
      ...(read('asha/sequences.json') as object),
      reduction_factor: 3,
    });
    assert.ok(wrong.failed > 0 && wrong.failures.length > 0);
    const off = gatesParity(
      'gates',
      read('ktg/gates.json'),
      { gate_loss: 1e-16, gate_grad: 1e-16 },
      plainLoss,
    );
    assert.ok(off.failed > 0 && off.worst > 1);
  });
});
