import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job, JobListener, Runner } from '../../core/search/runner.ts';
import { Scheduler } from '../../core/search/scheduler.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import { newStudy } from '../contract/samples.ts';
import { ScriptedRunner } from './scripted-runner.ts';

void test('steps within an epoch are told, and nothing is told that has not moved', async () => {
  const runner = new ScriptedRunner({ slots: 1 });
  const begun = Promise.withResolvers<JobListener>();
  const start: Runner['start'] = (_slot: string, _job: Job, listener) => {
    begun.resolve(listener);
    return { stop: () => undefined, kill: () => undefined };
  };
  const store = openMemoryStore();
  let told = 0;
  const scheduler = new Scheduler(store, Object.assign(runner, { start }), {
    onEvent: ({ type }) => {
      if (type === 'slots') told++;
    },
  });
  scheduler.resume({ study: store.addStudy(newStudy()).id });
  const listener = await begun.promise;
  await new Promise(setImmediate);
  const steps: number[] = [];
  for (const step of [0, 3, 3, 9]) {
    const before = told;
    listener.progress({
      epoch: 1,
      step,
      steps: step && 12,
      compiling: null,
      imagesPerSecond: 5,
      memory: step,
    });
    if (told > before) steps.push(step);
  }
  assert.deepEqual(steps, [0, 3, 9]);
  assert.equal(scheduler.occupations()[0]?.progress?.step, 9);
  await scheduler.close('at-once');
});
