import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enter } from '../../../../renderer/views/settings/enter.ts';

const field = (value: string, valid = true) => ({
  value,
  valueAsNumber: Number(value),
  checkValidity: () => valid,
});

test('a number that the lab takes stays in its field', async () => {
  const sent: number[] = [];
  const typed = field('3');
  await enter(typed, 1, (value) => Promise.resolve(sent.push(value)));
  assert.deepEqual([typed.valueAsNumber, sent], [3, [3]]);
});

test('an empty or invalid field, or one that the lab refuses, shows the number before', async () => {
  const sent: number[] = [];
  for (const typed of [field(''), field('999', false)]) {
    await enter(typed, 2, (value) => Promise.resolve(sent.push(value)));
    assert.equal(typed.valueAsNumber, 2);
  }
  assert.deepEqual(sent, []);
  const refused = field('3');
  await enter(refused, 2, () => Promise.resolve(false));
  assert.equal(refused.valueAsNumber, 2);
});
