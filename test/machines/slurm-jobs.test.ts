import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LaunchedJob } from '../../core/machines/launchers/launcher.ts';
import {
  type Fleet,
  fleetChange,
  idleLooks,
  readQueue,
} from '../../core/machines/launchers/slurm-jobs.ts';

const job = (agent: string, state: LaunchedJob['state'] = 'running'): LaunchedJob => ({
  ...{ agent, job: `1${agent.slice(1)}`, state, reason: '', timeLeft: null },
});

const fleet: Fleet = {
  ...{ agents: ['c1', 'c2', 'c3'], least: 1, jobs: [job('c1')], busy: [], waiting: false, idle: 0 },
};

describe('jobs of a cluster', () => {
  test('grow to the largest number while runs wait, and never beyond', () => {
    assert.deepEqual(fleetChange({ ...fleet, waiting: true }), {
      submit: ['c2', 'c3'],
      cancel: [],
    });
    const full = [job('c1'), job('c2', 'waiting'), job('c3')];
    assert.deepEqual(fleetChange({ ...fleet, jobs: full, waiting: true }).submit, []);
  });

  test('keep the smallest number while nothing waits', () => {
    assert.deepEqual(fleetChange({ ...fleet, jobs: [] }), { submit: ['c1'], cancel: [] });
  });

  test('an agent whose job is ending gets no second job', () => {
    const jobs = [job('c1', 'ending')];
    assert.deepEqual(fleetChange({ ...fleet, jobs }).submit, ['c2']);
  });

  test('shrink after five idle minutes, waiting jobs first, busy ones never', () => {
    const jobs = [job('c1'), job('c2'), job('c3', 'waiting')];
    const change = (idle: number, busy: string[] = []) =>
      fleetChange({ ...fleet, jobs, busy, idle }).cancel;
    assert.deepEqual(change(idleLooks - 1), []);
    assert.deepEqual(change(idleLooks), ['13', '11']);
    assert.deepEqual(change(idleLooks, ['c1', 'c2']), ['13']);
  });

  test('a cluster is not flooded', () => {
    const agents = Array.from({ length: 99 }, (_, index) => `c${index}`);
    assert.equal(fleetChange({ ...fleet, agents, jobs: [], waiting: true }).submit.length, 10);
  });

  test('squeue tells states, reasons and the time that is left', () => {
    const text = [
      '11|ktg-lab1-c1|RUNNING|None|2-03:04:05',
      '12|ktg-lab1-c2|PENDING|QOSMaxGRESPerUser|12:00:00',
      '13|ktg-lab1-c3|COMPLETING|None|4:05',
      '14|ktg-lab2-c1|RUNNING|None|4:05',
      'slurm_load_jobs error: x',
      '',
    ].join('\n');
    assert.deepEqual(readQueue(text, 'ktg-lab1-'), [
      { agent: 'c1', job: '11', state: 'running', reason: '', timeLeft: 183_845 },
      { agent: 'c2', job: '12', state: 'waiting', reason: 'QOSMaxGRESPerUser', timeLeft: null },
      { agent: 'c3', job: '13', state: 'ending', reason: '', timeLeft: 245 },
    ]);
  });
});
