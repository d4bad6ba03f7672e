import type { LabProblem } from '../base/problem.ts';
import type { Machine } from '../study/machine.ts';
import type { LaunchedJob, LaunchState } from './launchers/launcher.ts';
import type { MachineState } from './machine-state.ts';

/** A machine, or a group of jobs, as faces show it. */
export interface MachineView extends Machine {
  /**
   * `paired`: its agent has never come in; `launching`: its program is delivered or started;
   * `waiting`: its jobs wait in the queue of their cluster; `away`: jobs start when there is work.
   */
  state: 'paired' | 'launching' | 'waiting' | 'away' | MachineState['state'];
  /** Agents that have come in since the lab was opened. */
  agents: readonly MachineState[];
  jobs: readonly LaunchedJob[];
  problem: LabProblem | null;
}

/** What a person gets who adds a machine. */
export interface AddedMachine {
  machine: MachineView;
  /** Path of the pairing file on the lab's machine; of a group the first one. */
  pairing: string;
  /** The line that starts the agent. */
  command: string;
}

/** Decides what people read about a machine. */
export function viewOf(
  machine: Machine,
  agents: readonly MachineState[],
  launch: LaunchState,
): MachineView {
  const known = agents.filter((agent) => agent.versions !== null);
  const problem = launch.problem ?? known.find((agent) => agent.problem)?.problem ?? null;
  return {
    ...machine,
    state: wordFor(machine, known, launch),
    agents: known,
    jobs: launch.jobs,
    problem,
  };
}

function wordFor(
  machine: Machine,
  known: readonly MachineState[],
  { step, jobs }: LaunchState,
): MachineView['state'] {
  const has = (state: MachineState['state']): boolean => known.some((each) => each.state === state);
  if (has('reachable') || has('draining')) return machine.drained ? 'draining' : 'reachable';
  if (has('starting')) return 'starting';
  if (has('needs-update')) return 'needs-update';
  if (step === 'delivering' || step === 'starting') return 'launching';
  if (machine.launcher.kind === 'slurm') {
    if (jobs.some(({ state }) => state === 'waiting')) return 'waiting';
    return jobs.length === 0 ? 'away' : 'unreachable';
  }
  return known.length > 0 || step === 'failed' ? 'unreachable' : 'paired';
}
