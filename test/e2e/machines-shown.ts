/** Machines as a lab shows them, in every state, without anything behind them. */
import { problemOf, LabError } from '../../core/base/errors.ts';
import type { Device } from '../../core/devices/device.ts';
import { Lab } from '../../core/lab/lab.ts';
import { MachineManager } from '../../core/machines/machine-manager.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import { noEngine } from '../lab/support.ts';
import { ScriptedRunner } from '../search/scripted-runner.ts';
import { playStudy } from './played-study.ts';
import { remoteName } from '../../core/devices/names.ts';
import type { MachineView } from '../../core/lab/api.ts';
import type { MachineState } from '../../core/machines/machine-state.ts';
import { PROTOCOL } from '../../core/machines/messages.ts';
import { type DevicePlace, HERE } from '../../core/study/place.ts';
import type { MachineLauncher } from '../../core/study/machine.ts';

const TENSORFLOW = 'TensorFlow 2.21.0';

const ssh = (host: string): MachineLauncher => ({ kind: 'ssh', host, port: 40_000 });
const byHand: MachineLauncher = { kind: 'command', address: null };
const slurm: MachineLauncher = {
  ...{ kind: 'slurm', host: 'me@login.example', port: 40_001, address: null },
  ...{ partition: 'gpu', account: null, gpus: 1, cpus: 4, time: '12:00:00', least: 0, most: 30 },
};

function agent(id: string, title: string, change: Partial<MachineState> = {}): MachineState {
  const device = (index: number): Device => ({
    ...{ name: `${id}/gpu:${index}`, title, kind: 'gpu', memory: 80 * 2 ** 30 },
    ...{ slots: 2, maximumSlots: 8, present: true },
  });
  return {
    ...{ id, name: id, state: 'reachable', data: ['cifar100', 'synthetic'] },
    versions: {
      ...{ protocol: PROTOCOL, app: '0.1.0', revision: '28d247b', runtime: 'node 24.21.0' },
      ...{ engine: TENSORFLOW, driver: '580.65', host: `${id}.example` },
    },
    devices: [device(0), device(1)],
    ...{ traffic: { down: 1200, up: 5300 }, roundTrip: 3, problem: null },
    ...change,
  };
}

const machine = (id: string, change: Partial<MachineView>): MachineView => ({
  ...{ id, name: id, launcher: ssh(`me@${id}`), drained: false, createdAt: 1, state: 'reachable' },
  ...{ agents: [], jobs: [], problem: null },
  ...change,
});

const silent = problemOf(new LabError('agents.lost', { name: 'nora', seconds: 34 }));

const all: readonly MachineView[] = [
  machine('lena', { agents: [agent('lena', 'NVIDIA H100')] }),
  machine('mila', { agents: [agent('mila', 'NVIDIA A100')], drained: true, state: 'draining' }),
  machine('nora', {
    agents: [agent('nora', 'NVIDIA H100')],
    state: 'unreachable',
    problem: silent,
  }),
  machine('cluster', {
    ...{ launcher: slurm, state: 'waiting' },
    jobs: [{ agent: 'cluster-1', job: '71', state: 'waiting', reason: 'Priority', timeLeft: null }],
  }),
  machine('second-cluster', {
    ...{ launcher: slurm, state: 'reachable' },
    agents: [agent('second-cluster-1', 'NVIDIA H100'), agent('second-cluster-2', 'NVIDIA H100')],
    jobs: [
      { agent: 'second-cluster-1', job: '72', state: 'running', reason: '', timeLeft: 1380 },
      { agent: 'second-cluster-2', job: '73', state: 'running', reason: '', timeLeft: 40_000 },
    ],
  }),
  machine('idle-cluster', { launcher: slurm, state: 'away' }),
  machine('box', { launcher: byHand, state: 'paired' }),
  machine('new', { state: 'launching' }),
  machine('old', {
    agents: [agent('old', 'NVIDIA V100')],
    state: 'needs-update',
    problem: problemOf(new LabError('agents.needs-update', { name: 'old', theirs: 1, ours: 2 })),
  }),
  machine('slow', {
    agents: [agent('slow', 'AMD EPYC 9654')],
    problem: problemOf(
      new LabError('machines.no-engine', {
        ...{ host: 'me@slow', variant: 'cpu', words: 'No C++ compiler was found.' },
      }),
    ),
  }),
  machine('shut', {
    state: 'unreachable',
    problem: problemOf(
      new LabError('machines.ssh-failed', { host: 'me@shut', words: 'Permission denied.' }),
    ),
  }),
  machine('a-machine-with-a-rather-long-name', {
    agents: [agent('a-machine-with-a-rather-long-nam', 'NVIDIA RTX 6000 Ada Generation')],
    launcher: ssh('someone@a-machine-with-a-rather-long-name.department.university.example'),
  }),
];

/** The first of twelve machines in all states. */
const machinesInAllStates = (count: number): MachineView[] => all.slice(0, count);

/** A lab's machines that are the given views. */
class ShownMachines extends MachineManager {
  #shown: MachineView[] = [];
  readonly #watchers = new Set<() => void>();

  override views(): MachineView[] {
    return this.#shown;
  }

  override onChange(listener: () => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  show(count: number): void {
    this.#shown = machinesInAllStates(count);
    for (const watcher of this.#watchers) watcher();
  }
}

/** Formula curves, and devices of all machines. */
class PlacedRunner extends ScriptedRunner {
  override devices(): readonly Device[] {
    const others = all.flatMap(({ agents }) => agents.flatMap(({ devices }) => devices));
    return [...super.devices(), ...others];
  }

  placeOf(device: string): DevicePlace | null {
    const title = this.devices().find(({ name }) => name === device)?.title;
    const machineId = remoteName(device)?.machine ?? HERE;
    return title === undefined ? null : { machine: machineId, device: title, engine: TENSORFLOW };
  }
}

/** A lab with a finished study, which shows some machines; `show` changes how many. */
export function labWithMachines(count: number): { lab: Lab; machines: ShownMachines } {
  const store = openMemoryStore();
  playStudy(store, { trials: 20, epochs: 8 });
  const machines = new ShownMachines({ store, runner: null, folder: null });
  machines.show(count);
  const runner = new PlacedRunner({ slots: 2 });
  const lab = new Lab({ store, runner, machines, version: '0', revision: null, engine: noEngine });
  return { lab, machines };
}
