import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { readPairing } from '../../core/machines/pairing.ts';
import { temporaryFolder } from '../data/support.ts';
import { openManager, until } from './open-manager.ts';
import { noBroker } from './open-broker.ts';
import { noSlurm, outputOf, slurmCluster } from './slurm-cluster.ts';

describe('jobs of a Slurm cluster', { skip: noBroker || noSlurm }, () => {
  test('grow with the work, hand over on a warning, end when removed, and name refusals', async (t) => {
    const folder = await temporaryFolder(t);
    const home = join(folder, 'home');
    mkdirSync(home);
    await slurmCluster(t, folder, home);
    const { machines } = await openManager(t, folder);
    const limits = { gpus: 0, cpus: 1, time: '10', least: 1, most: 2 };
    const { machine, pairing } = await machines.add('Cluster', {
      ...{ kind: 'slurm', host: null, partition: 'main', account: null, ...limits },
    });
    const first = await until(machines, machine.id, ({ state }) => state === 'reachable');
    assert.equal(first.agents[0]?.id, 'cluster-1');

    machines.watchWork(() => true);
    const both = await until(machines, machine.id, ({ agents, jobs }) => {
      if (jobs.length < 2) machines.start(machine.id);
      return agents.length === 2;
    });
    assert.deepEqual(both.jobs.map(({ agent }) => agent).sort(), ['cluster-1', 'cluster-2']);

    const { seed } = readPairing(pairing);
    const [{ job } = { job: '' }] = both.jobs;
    assert.match(outputOf('scontrol', 'show', 'job', job), /Requeue=0/);
    for (const text of [
      outputOf('scontrol', 'show', 'job', job),
      outputOf('scontrol', 'write', 'batch_script', job, '-'),
    ])
      assert.equal(text.includes(seed), false);

    // The warning before the time limit: the agent leaves in order, and Slurm sees a good end.
    machines.watchWork(() => false);
    outputOf('scancel', '--batch', '--signal=USR1', job);
    while (outputOf('squeue', '-h', '-j', job, '-t', 'R,CG,PD') !== '') await delay(100);
    assert.match(outputOf('scontrol', 'show', 'job', job), /JobState=COMPLETED/);

    await machines.remove(machine.id);
    while (outputOf('squeue', '-h') !== '') await delay(100);

    const refused = await machines.add('Refused', {
      ...{ kind: 'slurm', host: null, partition: 'nosuch', account: null, ...limits },
    });
    while (machines.view(refused.machine.id).problem === null) await delay(50);
    const { problem } = machines.view(refused.machine.id);
    assert.match(problem?.message ?? '', /invalid partition/i);
    await machines.remove(refused.machine.id);

    const left = readdirSync(join(home, '.ktg-lab', 'pairings'));
    assert.deepEqual(
      left.filter((name) => name.endsWith('.json')),
      [],
    );
    const logs = readdirSync(join(home, '.ktg-lab', 'log'));
    assert.equal(logs.length, 2);
    assert.match(readFileSync(join(home, '.ktg-lab', 'log', logs[0]!), 'utf8'), /Connected to/);
  });
});
