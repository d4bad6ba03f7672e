import type { LaunchedJob } from './launcher.ts';

/** Looks without work after which jobs that train nothing end: five minutes at one look in 30 s. */
export const idleLooks = 10;

/** Jobs that are submitted at one look, so that a cluster is never flooded. */
const submitAtOnce = 10;

/** Columns of squeue: job, name, state, reason, time left. */
export const squeueFormat = '%i|%j|%T|%r|%L';

export interface Fleet {
  /** Ids of all agents that the group may have. */
  agents: readonly string[];
  least: number;
  jobs: readonly LaunchedJob[];
  busy: readonly string[];
  /** Runs wait in the lab. */
  waiting: boolean;
  /** Looks since runs waited or a slot of the group was busy. */
  idle: number;
}

/** Decides which agents get a job now, and which jobs end. */
export function fleetChange(fleet: Fleet): { submit: string[]; cancel: string[] } {
  const { agents, least, jobs, waiting, idle } = fleet;
  const live = jobs.filter(({ state }) => state !== 'ending');
  const taken = new Set(jobs.map(({ agent }) => agent));
  const wanted = waiting ? agents.length : least;
  const submit = agents
    .filter((agent) => !taken.has(agent))
    .slice(0, Math.min(submitAtOnce, Math.max(0, wanted - live.length)));
  if (waiting || idle < idleLooks) return { submit, cancel: [] };
  const busy = new Set(fleet.busy);
  // Jobs that still wait in the queue end first.
  const ends = live
    .filter(({ agent }) => !busy.has(agent))
    .sort((a, b) => Number(b.state === 'waiting') - Number(a.state === 'waiting'))
    .slice(0, Math.max(0, live.length - least));
  return { submit, cancel: ends.map(({ job }) => job) };
}

/**
 * Reads squeue's lines in `squeueFormat`; jobs of others are left out.
 *
 * @param prefix of the names of this group's jobs, which end with the agent
 */
export function readQueue(text: string, prefix: string): LaunchedJob[] {
  return text.split('\n').flatMap((line) => {
    const [job = '', name = '', state = '', reason = '', left = ''] = line.trim().split('|');
    if (!/^\d+$/.test(job) || !name.startsWith(prefix)) return [];
    const word = stateOf(state);
    const known = { agent: name.slice(prefix.length), job, state: word };
    return word === 'waiting'
      ? [{ ...known, reason: reason === 'None' ? '' : reason, timeLeft: null }]
      : [{ ...known, reason: '', timeLeft: secondsOf(left) }];
  });
}

function stateOf(state: string): LaunchedJob['state'] {
  if (state === 'RUNNING') return 'running';
  return /^(PENDING|CONFIGURING|SUSPENDED)$/.test(state) ? 'waiting' : 'ending';
}

/** Seconds of Slurm's `2-03:04:05`, `3:04:05` or `4:05`; null for UNLIMITED and the like. */
function secondsOf(text: string): number | null {
  const match = /^(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)$/.exec(text);
  if (!match) return null;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match
    .slice(1)
    .map((part: string | undefined) => Number(part ?? 0));
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}
