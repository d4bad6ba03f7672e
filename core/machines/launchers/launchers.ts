import { LabError } from '../../base/errors.ts';
import type { Machine, MachineLauncher, NewLauncher } from '../../study/machine.ts';
import type { LaunchContext, Launcher } from './launcher.ts';
import { runOnHost } from './ssh.ts';
import { SlurmFleet } from './slurm-launcher.ts';
import { SshAgent } from './ssh-launcher.ts';

/** Returns what starts a machine's agents; null where a person does. */
export function launcherFor(
  machine: Machine,
  agents: readonly string[],
  context: LaunchContext,
): Launcher | null {
  const { launcher } = machine;
  if (launcher.kind === 'ssh') return new SshAgent(machine, launcher, context);
  return launcher.kind === 'slurm' ? new SlurmFleet(machine, launcher, agents, context) : null;
}

/**
 * Completes what a person asked for: a port on the host that leads back to the lab.
 *
 * @throws LabError `machines.ssh-failed`, `machines.no-way-back`
 */
export async function prepareLauncher(
  wanted: NewLauncher,
  brokerPort: number,
): Promise<MachineLauncher> {
  switch (wanted.kind) {
    case 'command':
      return { kind: 'command', address: wanted.address ?? null };
    case 'ssh':
      return { ...wanted, port: await portOn(wanted.host, brokerPort) };
    case 'slurm': {
      const port = wanted.host === null ? null : await portOn(wanted.host, brokerPort);
      return { ...wanted, address: wanted.address ?? null, port };
    }
  }
}

/** Asks a host for a free port on its loopback; this is also the first try to reach it. */
async function portOn(host: string, brokerPort: number): Promise<number> {
  const flags = ['-o', 'ExitOnForwardFailure=yes', '-R', `127.0.0.1:0:127.0.0.1:${brokerPort}`];
  const { complaints } = await runOnHost(host, 'true', { flags });
  const port = /Allocated port (\d+) for remote forward/.exec(complaints)?.[1];
  if (port === undefined) throw new LabError('machines.no-way-back', { host });
  return Number(port);
}
