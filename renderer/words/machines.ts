import type { MachineView, SlotView } from '../../core/lab/api.ts';
import { launcherTitle } from '../../core/study/machine.ts';
import { bytes, counted, duration } from '../ui/format.ts';

const states: Readonly<Record<MachineView['state'], string>> = {
  paired: 'waits for its agent',
  launching: 'starts',
  waiting: 'waits in the queue of its cluster',
  away: 'has no job; one starts when there is work',
  starting: 'starts',
  reachable: 'reachable',
  draining: 'takes no more runs',
  unreachable: 'not reachable',
  'needs-update': 'needs an update',
};

/** State of a machine, with the cluster's reason for waiting or the end of its first job. */
export function machineStateText({ state, jobs }: MachineView): string {
  const reason = jobs.find((job) => job.state === 'waiting' && job.reason !== '')?.reason;
  const left = jobs.flatMap(({ timeLeft }) => timeLeft ?? []).sort((a, b) => a - b)[0];
  if (state === 'waiting' && reason !== undefined) return `${states[state]} (${reason})`;
  return left === undefined ? states[state] : `${states[state]}; a job ends in ${duration(left)}`;
}

/** How it is reached, and how many jobs of a cluster it has. */
export function machineWayText({ launcher, jobs }: MachineView): string {
  const way = launcherTitle(launcher);
  if (launcher.kind !== 'slurm') return way;
  const running = jobs.filter(({ state }) => state === 'running').length;
  return `${way}: ${running} of at most ${counted(launcher.most, 'job')} running`;
}

/** Facts of a machine's agents, one row each; empty before an agent has come in. */
export function machineFacts({ agents }: MachineView): [name: string, text: string][] {
  if (agents.length === 0) return [];
  const different = (texts: readonly string[]): string =>
    [...new Set(texts.filter((text) => text !== ''))].join('; ');
  const sum = (of: (agent: (typeof agents)[number]) => number): number =>
    agents.reduce((total, agent) => total + of(agent), 0);
  const trips = agents.flatMap(({ roundTrip }) => roundTrip ?? []);
  const versions = agents.map(({ versions: own }) => (own ? versionText(own) : ''));
  return [
    ['Versions', different(versions)],
    ['Data', different(agents.map(({ data }) => data.join(', '))) || 'none yet'],
    [
      'Traffic',
      `${bytes(sum(({ traffic }) => traffic.down))}/s to it, ${bytes(sum(({ traffic }) => traffic.up))}/s from it` +
        (trips.length === 0 ? '' : `; ${Math.max(...trips)} ms round trip`),
    ],
  ];
}

function versionText({
  app,
  engine,
  driver,
}: NonNullable<MachineView['agents'][number]['versions']>) {
  return `KTG lab ${app}, ${engine}${driver === null ? '' : `, driver ${driver}`}`;
}

/** Cards of a machine with their slots: `2 slots on NVIDIA H100, 1 busy`. */
export function machineDevices(
  { agents }: MachineView,
  slots: readonly SlotView[],
): { name: string; text: string }[] {
  return agents.flatMap(({ devices }) =>
    devices.map(({ name, title, slots: count, present }) => {
      const busy = slots.filter((slot) => slot.device === name && slot.run !== null).length;
      const gone = present ? '' : ', gone';
      return { name, text: `${title}: ${counted(count, 'slot')}, ${busy} busy${gone}` };
    }),
  );
}
