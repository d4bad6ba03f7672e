import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dml, plan, training } from '../contract/samples.ts';
import { scriptedLab, studyIs } from './support.ts';

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}

test(
  'what was stopped with its re-run is not done: a resume trains it',
  { timeout: 20_000 },
  async () => {
    const lab = scriptedLab({ pace: 20 });
    try {
      const making = {
        name: 'R',
        from: { graph: dml },
        training: training(),
        seeds: 3,
        baselines: [],
        start: true,
      };
      const { id: rerun } = (await lab.request('reruns.create', making)).rerun;
      const seen = async () => lab.request('reruns.open', { rerun });
      const runs = async () => (await seen()).variants[0]!.runs;
      await until(async () => (await runs()).some(({ epoch }) => epoch > 0));
      await lab.request('reruns.stop', { rerun, when: 'now' });
      await until(async () => (await runs()).every(({ state }) => state === 'cancelled'));
      const { done, total } = await seen();
      assert.deepEqual([done, total], [0, 3]);
    } finally {
      await lab.close('at-once');
    }
  },
);

test(
  'a study does not count backwards on a resume; a trial stopped by itself is done',
  { timeout: 20_000 },
  async () => {
    const lab = scriptedLab({ pace: 5 });
    try {
      const { space } = plan();
      const making = plan({ trials: 8, space: { ...space, frozen: false } });
      const { id: study } = (
        await lab.request('studies.create', { name: 'S', plan: making, start: true })
      ).study;
      const seen = async () => lab.request('studies.open', { study });
      const trials = async () => (await seen()).trials;
      await until(async () =>
        (await trials()).some(({ epoch, state }) => epoch > 0 && state === 'running'),
      );
      const alone = (await trials()).find(({ state }) => state === 'running')!.run;
      await lab.request('runs.stop', { run: alone, when: 'now' });
      await until(async () =>
        (await trials()).some(({ run, state }) => run === alone && state === 'cancelled'),
      );
      await lab.request('studies.stop', { study, when: 'now' });
      await until(async () => (await seen()).running === 0);
      const { counts, done } = await seen();
      assert.ok(counts.cancelled > 1);
      const ended = (await trials()).filter(
        ({ state }) => state !== 'waiting' && state !== 'cancelled',
      ).length;
      assert.equal(done, ended + 1);
      await lab.request('studies.resume', { study });
      assert.ok((await seen()).done >= done);
      await studyIs(lab, study, 'completed');
      assert.equal((await seen()).done, 8);
    } finally {
      await lab.close('at-once');
    }
  },
);
