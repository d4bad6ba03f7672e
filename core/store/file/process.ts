import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process of a machine, told apart from a later one that has got the same number. */
export interface ProcessMark {
  pid: number;
  host: string;
  /** Start of the process within this run of the machine; null where the system does not tell. */
  started: string | null;
}

/** The mark of this process. */
export const ownMark = (): ProcessMark => ({
  pid: process.pid,
  host: hostname(),
  started: startOf(process.pid),
});

/** True for a mark of a process that runs on this machine now. */
export function isLiving({ pid, host, started }: ProcessMark): boolean {
  // Processes of another machine, or of another container, cannot be seen from here.
  if (started === null && host !== hostname()) return false;
  const now = startOf(pid);
  if (started !== null && now !== null) return started === now;
  if (now === null && process.platform === 'linux') return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Boot of the machine, space of process numbers and clock ticks at the start; null for none or a
 * zombie.
 */
function startOf(pid: number): string | null {
  try {
    // The name in parentheses may hold spaces and parentheses itself.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')} ${fields[19]}`;
  } catch {
    return null;
  }
}
