import { createHash } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

/** `ktg-lab-1f0c77ab-812-553012-x3Fk0a`: process 812 of this machine, started at tick 553012. */
const NAME = /^ktg-(?:lab|step|kernels)-(\w+)-(\d+)-(\d+)-\w{6}$/;

/**
 * Makes a temporary folder that is named after this process.
 *
 * @throws errors of the file system
 */
export const makeTemporary = (kind: 'lab' | 'step' | 'kernels', parent = tmpdir()): string =>
  mkdtempSync(join(parent, `ktg-${kind}-${place()}-${process.pid}-${beginOf(process.pid) ?? 0}-`));

/** Removes this user's folders of killed processes. Follows no link and never throws. */
export function sweepTemporary(parent = tmpdir()): void {
  for (const name of namesIn(parent)) {
    const [, where, pid, begin] = NAME.exec(name) ?? [];
    if (where !== place() || runs(Number(pid), Number(begin))) continue;
    try {
      const path = join(parent, name);
      const found = lstatSync(path);
      if (!found.isDirectory() || found.uid !== (process.getuid?.() ?? found.uid)) continue;
      rmSync(path, { recursive: true, force: true });
    } catch {
      // Another program has removed it, or may use it alone.
    }
  }
}

/** Identifies machine and container: process ids are unique only inside one of them. */
function place(): string {
  const hash = createHash('sha256').update(hostname());
  try {
    hash.update(readlinkSync('/proc/self/ns/pid'));
  } catch {
    // Not Linux.
  }
  return hash.digest('hex').slice(0, 8);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** True when a process with this id runs and started at this tick. */
function runs(pid: number, begin: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = beginOf(pid);
  return now === undefined || begin === 0 || now === begin;
}

/** Ticks from the start of the machine to the start of a process; undefined outside Linux. */
function beginOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  } catch {
    return undefined;
  }
}
