import { execFile } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/** Milliseconds of one tick, in which Linux counts for every program. */
const TICK = 10;

/** Says of one process whether it has used its processor since it was last asked. */
export class ProcessorWatch {
  readonly #pid: number;
  #own = 0;
  #children = 0;

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** True also where this system does not say (Windows), and for a process that is gone. */
  async isAtWork(): Promise<boolean> {
    const own = await ownTime(this.#pid);
    if (own === null) return true;
    const before = this.#own;
    this.#own = own;
    if (own - before >= TICK) return true;
    // Such as an assembler that a compiler has started and waits for.
    const children = childrenTime(this.#pid);
    const childrenBefore = this.#children;
    this.#children = children;
    return children - childrenBefore >= TICK;
  }
}

/** Milliseconds; null when it is not known. */
async function ownTime(pid: number): Promise<number | null> {
  if (process.platform === 'win32') return null;
  if (process.platform !== 'linux') return timeOfPs(pid);
  const found = readStat(pid);
  // A process that waits for a disk uses no time, and is not idle either.
  return found && !found.waitsForDisk ? found.time : null;
}

/** Milliseconds of its living children; 0 where they cannot be listed. */
function childrenTime(pid: number): number {
  if (process.platform !== 'linux') return 0;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .reduce((sum, each) => (each?.parent === pid ? sum + each.time : sum), 0);
}

interface Stat {
  parent: number;
  waitsForDisk: boolean;
  /** Milliseconds, those of children that it has waited for included. */
  time: number;
}

/**
 * proc(5): behind the name in brackets come state, parent, ..., utime, stime, cutime and cstime.
 */
function readStat(pid: number): Stat | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { parent: Number(fields[1]), waitsForDisk: fields[0] === 'D', time: ticks * TICK };
  } catch {
    return null;
  }
}

async function timeOfPs(pid: number): Promise<number | null> {
  return new Promise((resolve) => {
    execFile('ps', ['-o', 'time=', '-p', String(pid)], (error, output) => {
      resolve(error ? null : parsePsTime(output));
    });
  });
}

/** Milliseconds from `[[days-]hours:]minutes:seconds[.hundredths]`; null for anything else. */
export function parsePsTime(text: string): number | null {
  const found = /^(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)$/.exec(text.trim());
  if (!found) return null;
  const [days, hours, minutes, seconds] = found.slice(1).map((part) => Number(part ?? 0));
  return (((days! * 24 + hours!) * 60 + minutes!) * 60 + seconds!) * 1000;
}
