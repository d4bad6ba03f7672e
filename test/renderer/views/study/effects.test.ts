import '../../runes.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lab } from '../../../../renderer/client/lab.svelte.ts';

const { flushSync } = await import('svelte');
const { asEffect } = await import('../../effect.svelte.ts');
const { EffectsState } = await import('../../../../renderer/views/study/effects.svelte.ts');

test('an answer does not ask for the effects again', async () => {
  const answer = Promise.withResolvers<{ rung: number }>();
  const asked = Promise.withResolvers<object>();
  const lab = {
    request: (_name: string, input: object) => {
      asked.resolve(input);
      return answer.promise;
    },
  } as unknown as Lab;
  const effects = new EffectsState(lab, 1);
  let questions = 0;
  const undo = asEffect(() => {
    questions++;
    return effects.ask(4);
  });
  assert.deepEqual(await asked.promise, { study: 1, rung: 4 });
  answer.resolve({ rung: 4 });
  while (!effects.found) await new Promise(setImmediate);
  flushSync();
  assert.equal(questions, 1);
  undo();
});
