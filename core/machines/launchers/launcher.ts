import type { LabProblem } from '../../base/problem.ts';

/** A job of a cluster that holds one agent. */
export interface LaunchedJob {
  /** Id of the agent's machine on the broker. */
  agent: string;
  /** Number of the job in the cluster. */
  job: string;
  state: 'waiting' | 'running' | 'ending';
  /** Why it waits, in the cluster's own words; '' while it runs. */
  reason: string;
  /** Seconds until its time limit; null while it waits. */
  timeLeft: number | null;
}

export interface LaunchState {
  /** `idle`: nothing to do, or agents are started by hand. */
  step: 'idle' | 'delivering' | 'starting' | 'started' | 'failed';
  problem: LabProblem | null;
  jobs: readonly LaunchedJob[];
}

/** Starts agents of one machine or group, and leads them to the lab's broker. */
export interface Launcher {
  /** Starts what should run and does not. Returns at once; `state` tells how it goes. */
  start(): void;
  state(): LaunchState;
  /** Ends the agents and removes their pairings from the machine. */
  end(): Promise<void>;
  /** Last lines that agents wrote. */
  log(): Promise<string>;
  /** Lets go of the machine; agents go on. */
  close(): Promise<void>;
}

/** What a launcher needs of its lab. */
export interface LaunchContext {
  /** Id of the lab. */
  lab: string;
  /** Port of the broker on this machine. */
  brokerPort: number;
  /** Path of an agent's pairing file on this machine. */
  pairing(agent: string): string;
  /** How much there is to do: runs that wait for a slot, and busy slots of this group. */
  demand(): { waiting: boolean; busyAgents: readonly string[] };
  changed(): void;
}

export const idle: LaunchState = { step: 'idle', problem: null, jobs: [] };
