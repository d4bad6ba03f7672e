import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Environment, MachineView } from '../../../core/lab/api.ts';
import { mixedText } from '../../../renderer/words/provenance.ts';
import {
  machineFacts,
  machineStateText,
  machineWayText,
} from '../../../renderer/words/machines.ts';

const cluster: MachineView = {
  id: 'c',
  name: 'C',
  launcher: {
    ...{ kind: 'slurm', host: 'me@login', port: 1, address: null, partition: 'gpu' },
    ...{ account: null, gpus: 1, cpus: 4, time: '60', least: 0, most: 30 },
  },
  ...{ drained: false, createdAt: 1, state: 'waiting', agents: [], problem: null },
  jobs: [
    { agent: 'c-1', job: '1', state: 'running', reason: '', timeLeft: 1380 },
    { agent: 'c-2', job: '2', state: 'waiting', reason: 'Priority', timeLeft: null },
  ],
};

const environment: Environment = {
  ...{ app: '1', revision: null, runtime: 'node', engine: 'tensorflow', platform: 'linux x64' },
  ...{ host: 'lena', device: 'NVIDIA H100', data: 'synthetic:0' },
};

describe('texts about machines', () => {
  test('a waiting machine names the reason of its cluster, a running one its end', () => {
    assert.equal(machineStateText(cluster), 'waits in the queue of its cluster (Priority)');
    assert.equal(
      machineStateText({ ...cluster, state: 'reachable' }),
      'reachable; a job ends in 23 min',
    );
    assert.equal(
      machineWayText(cluster),
      'Slurm on me@login, partition gpu: 1 of at most 30 jobs running',
    );
    assert.deepEqual(machineFacts(cluster), []);
  });

  test('a study on different cards or engines is warned of', () => {
    assert.equal(mixedText([environment, { ...environment, host: 'other' }]), '');
    assert.match(
      mixedText([environment, { ...environment, device: 'NVIDIA A100' }]),
      /different devices \(NVIDIA H100; NVIDIA A100\)/,
    );
    assert.match(mixedText([environment, { ...environment, engine: 'portable' }]), /engines/);
  });
});
