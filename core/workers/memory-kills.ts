import { readFileSync } from 'node:fs';

/**
 * How many processes the kernel has killed for lack of memory so far: in this container, else on
 * this machine; 0 where it does not say (Linux only).
 */
export function memoryKills(): number {
  for (const file of ['/sys/fs/cgroup/memory.events', '/proc/vmstat']) {
    try {
      const found = /^oom_kill (\d+)$/m.exec(readFileSync(file, 'utf8'));
      if (found) return Number(found[1]);
    } catch {
      // Not this system's file.
    }
  }
  return 0;
}
