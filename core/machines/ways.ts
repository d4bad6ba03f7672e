import type { Machine, MachineLauncher, NewLauncher } from '../study/machine.ts';
import { type Broker, loopback, serverOf } from './broker.ts';

/** True for a machine whose agent a person starts. */
export const isByHand = ({ launcher }: Machine): boolean => launcher.kind === 'command';

/** Ids of the agents of a machine: its own, or one for each job of a group. */
export const agentsOf = ({ id, launcher }: Machine): string[] =>
  launcher.kind === 'slurm'
    ? Array.from({ length: launcher.most }, (_, index) => `${id}-${index + 1}`)
    : [id];

/** Address on which the broker must listen for a machine; undefined for loopback. */
export function addressOf(launcher: NewLauncher | MachineLauncher): string | undefined {
  if (launcher.kind === 'command') return launcher.address ?? undefined;
  return launcher.kind === 'slurm' && launcher.host === null
    ? (launcher.address ?? undefined)
    : undefined;
}

/** Address on which the broker must listen for all machines; undefined for loopback. */
export const addressIn = (records: readonly Machine[]): string | undefined =>
  records.map(({ launcher }) => addressOf(launcher)).find((address) => address !== undefined);

/** `host:port` under which agents of a machine dial the broker. */
export function serversFor(broker: Broker, launcher: MachineLauncher): string[] {
  if (launcher.kind === 'ssh') return [serverOf(loopback, launcher.port)];
  if (launcher.kind === 'slurm' && launcher.port !== null)
    return [serverOf(launcher.address ?? loopback, launcher.port)];
  return [serverOf(addressOf(launcher) ?? loopback, broker.port)];
}
