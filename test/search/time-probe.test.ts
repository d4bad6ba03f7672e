import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { LabError } from '../../core/base/errors.ts';
import { paperSpace } from '../../core/graph/space.ts';
import type { Progress, Runner, Slot } from '../../core/search/runner.ts';
import { paceOf, probe, probeGraph, probeSlot } from '../../core/search/time-probe.ts';
import { WorkerPool } from '../../core/workers/pool.ts';
import { training } from '../contract/samples.ts';
import { cpu, job } from '../workers/jobs.ts';
import { ScriptedRunner } from './scripted-runner.ts';

const at = (step: number, steps: number, imagesPerSecond: number): Progress => ({
  ...{ epoch: 1, step, steps, imagesPerSecond },
  ...{ compiling: null, memory: 1 },
});
const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'fulfilled',
    (error: unknown) => (error instanceof LabError ? error.code : String(error)),
  );

describe('the pace of a probe', () => {
  test('is told after three steps and a while, and counts the evaluation', () => {
    // 64 images at 64 a second: a second a step.
    assert.equal(paceOf(at(1, 50, 0), 64), null, 'the first step prepares things');
    assert.equal(paceOf(at(3, 50, 64), 64), null, 'two steps');
    const pace = paceOf(at(4, 48, 64), 64)!;
    assert.equal(pace.steps, 3);
    assert.ok(Math.abs(pace.secondsPerEpoch - 52) < 1e-9, '48 s of steps and a twelfth of them');
    assert.equal(paceOf(at(4, 50, 6400), 64), null, 'three quick steps say little');
    assert.equal(paceOf(at(50, 50, 6400), 64)!.steps, 49, 'an epoch is over');
  });

  test('one step counts where a step takes longer than a person waits', () => {
    assert.equal(paceOf(at(2, 50, 5), 64)!.steps, 1);
  });
});

test('the graph of a probe has open gates and networks of middle cost', () => {
  const space = paperSpace(2, 'resnet8', ['resnet110', 'resnet8', 'resnet32']);
  assert.deepEqual(
    probeGraph({ space }).nodes.map(({ model }) => model),
    ['resnet8', 'resnet32'],
  );
  assert.ok(probeGraph({ space }).edges.every(({ gate }) => gate === 'through'));
});

describe('the slot of a probe', () => {
  const runnerOf = (...slots: [name: string, state: Slot['state']][]): Runner =>
    ({
      slots: () =>
        slots.map(([name, state]) => ({ name, device: 'd', state, problem: 'No card.' })),
    }) as unknown as Runner;
  const slotOf = async (runner: Runner, name?: string): Promise<string> =>
    Promise.resolve().then(() =>
      probeSlot(runner, training(), (slot) => (name ?? slot.name) === slot.name),
    );

  test('is a free one, of this machine before others, or the named one', async () => {
    const runner = runnerOf(['far/cpu:0', 'ready'], ['cpu:0', 'busy'], ['cpu:1', 'ready']);
    assert.equal(await slotOf(runner), 'cpu:1');
    assert.equal(await slotOf(runner, 'far/cpu:0'), 'far/cpu:0');
    assert.equal(await codeOf(slotOf(runner, 'cpu:0')), 'search.no-free-slot');
  });

  test('is missing in words', async () => {
    assert.equal(await codeOf(slotOf(runnerOf())), 'search.no-slot');
    assert.equal(await codeOf(slotOf(runnerOf(['gpu:0', 'broken']))), 'search.slot-cannot-start');
  });
});

describe('a probe', () => {
  const { graph } = job();
  const isFree = (runner: Runner): boolean =>
    runner.slots().every(({ state }) => state === 'ready');

  test('ends with the first epoch when that is short, and frees its slot', async () => {
    const runner = new ScriptedRunner({ slots: 1, seconds: () => 7 });
    const found = await probe(runner, 'scripted:0', { graph, training: training() });
    assert.deepEqual(found, { slot: 'scripted:0', steps: 0, secondsPerEpoch: 7 });
    assert.ok(isFree(runner));
  });

  test('that is aborted frees its slot', async () => {
    const runner = new ScriptedRunner({ slots: 1, pace: 5 });
    const stop = new AbortController();
    const found = probe(runner, 'scripted:0', { graph, training: training() }, stop.signal);
    stop.abort(new LabError('lab.closed'));
    assert.equal(await codeOf(found), 'lab.closed');
    assert.ok(isFree(runner));
  });

  test('of a worker that fails says why', async () => {
    const runner = new ScriptedRunner({ slots: 1, mishap: () => 'crash' });
    const found = probe(runner, 'scripted:0', { graph, training: training() });
    assert.equal(await codeOf(found), 'search.probe-failed');
    assert.ok(isFree(runner));
  });
});

describe('a probe of a real worker', () => {
  const pool = new WorkerPool({ devices: [cpu(1)], cores: 2 });
  after(async () => pool.close());

  test('measures a whole number of steps and leaves the worker to the next job', async () => {
    const found = await probe(pool, 'cpu:0', job());
    assert.ok(found.secondsPerEpoch > 0 && found.steps >= 0, JSON.stringify(found));
    const pid = pool.processes().get('cpu:0');
    assert.ok(pid !== undefined);
    assert.equal(pool.slots()[0]!.state, 'ready');
    await probe(pool, 'cpu:0', job());
    assert.equal(pool.processes().get('cpu:0'), pid);
  });
});
