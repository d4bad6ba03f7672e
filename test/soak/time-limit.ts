import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Scheduler } from '../../core/search/scheduler.ts';
import { recipeFor } from '../../core/study/recipe.ts';
import { newStudy, training } from '../contract/samples.ts';
import { noBroker } from '../machines/open-broker.ts';
import { openManager, until } from '../machines/open-manager.ts';
import { noSlurm, outputOf, slurmCluster } from '../machines/slurm-cluster.ts';
import { noFrozen, trialsOf } from '../search/studies.ts';

/** Minutes: Slurm warns two minutes before the end, as the script of the job asks it to. */
const TIME_LIMIT = '3';
const EPOCHS = 2000;

/**
 * A real time limit: Slurm itself warns a job of three minutes, the agent hands its run over, and
 * another job goes on from that epoch. Takes about three minutes.
 */
export const timeLimit = (): Promise<void> =>
  test('a time limit costs no epoch', { skip: noBroker || noSlurm }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'ktg-limit-'));
    const home = join(folder, 'home');
    mkdirSync(home);
    await slurmCluster(t, folder, home);
    const { machines, runner, store } = await openManager(t, folder);
    t.after(() => {
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    });
    const limits = { gpus: 0, cpus: 1, time: TIME_LIMIT, least: 1, most: 1 };
    const { machine } = await machines.add('Cluster', {
      ...{ kind: 'slurm', host: null, partition: 'main', account: null, ...limits },
    });
    machines.watchWork(() => true);
    const scheduler = new Scheduler(store, runner, { delayDivisor: 10 });
    t.after(() => scheduler.close('at-once'));
    const data = 'synthetic:train=32,test=16,classes=4';
    const recipe = { ...recipeFor(EPOCHS), batch: 16 };
    const { id } = store.addStudy(
      newStudy('Limit', {
        ...{ trials: 1, space: noFrozen, rule: { kind: 'none' }, retries: 0 },
        training: training({ data, epochs: EPOCHS, recipe }),
      }),
    );
    scheduler.resume({ study: id });
    const first = await until(machines, machine.id, ({ state }) => state === 'reachable');
    const [{ job } = { job: '' }] = first.jobs;
    const attempts = () => store.attempts({ study: id });
    while (attempts()[0]?.outcome == null) await sleep(200);
    const [run] = trialsOf(store, id);
    assert.equal(attempts()[0]!.outcome, 'lost', 'it does not count against the run');
    assert.ok(run!.epoch > 0, 'the job has trained');
    assert.equal(store.checkpointOf(run!.id)?.epoch, run!.epoch, 'no epoch is lost');
    while (outputOf('squeue', '-h', '-j', job, '-t', 'R,CG,PD') !== '') await sleep(200);
    assert.match(outputOf('scontrol', 'show', 'job', job), /JobState=COMPLETED/);
    while (attempts().length < 2 || trialsOf(store, id)[0]!.epoch <= run!.epoch) {
      machines.start(machine.id);
      await sleep(500);
    }
    assert.equal(attempts()[1]!.fromEpoch, run!.epoch, 'the next job goes on from there');
    await machines.remove(machine.id);
  });
