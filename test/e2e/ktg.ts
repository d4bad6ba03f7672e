import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const cli = fileURLToPath(new URL('../../core/cli.ts', import.meta.url));

export interface Ended {
  code: number | null;
  signal: string | null;
  out: string;
  err: string;
  /** Of commands with --json. */
  json: Record<string, unknown>[];
}

export interface Running {
  child: ChildProcess;
  ended: Promise<Ended>;
  /** Settles when a line of output fits; fails when the program ends without one. */
  line(fits: (line: string) => boolean): Promise<void>;
}

/** Starts the command line on a lab file. */
export function startKtg(lab: string, ...args: string[]): Running {
  const child = spawn(process.execPath, [cli, ...args], {
    env: { ...process.env, KTG_LAB: lab, NODE_TEST_CONTEXT: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  const looks = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    for (const look of looks) look();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => {
      const json = args.includes('--json')
        ? out
            .split('\n')
            .flatMap((line) =>
              line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : [],
            )
        : [];
      resolve({ code, signal, out, err, json });
    });
  });
  return {
    child,
    ended,
    line: (fits) =>
      new Promise((resolve, reject) => {
        let seen = 0;
        const look = (): void => {
          const lines = out.slice(seen).split('\n').slice(0, -1);
          seen += lines.reduce((sum, { length }) => sum + length + 1, 0);
          if (!lines.some(fits)) return;
          looks.delete(look);
          resolve();
        };
        looks.add(look);
        look();
        void ended.then(() => {
          reject(new Error(`It ended without that line.\n${out}${err}`));
        });
      }),
  };
}

export const ktg = async (lab: string, ...args: string[]): Promise<Ended> =>
  startKtg(lab, ...args).ended;

/** Direct children of a process (Linux). */
export const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number);
