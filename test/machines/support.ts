import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Machines, type MachinesOptions } from '../../core/machines/machines.ts';
import type { Runner } from '../../core/search/runner.ts';
import type { Pairing } from '../../core/study/pairing.ts';
import { WorkerPool } from '../../core/workers/pool.ts';
import type { TestBroker } from './broker.ts';
import { endProcess } from './end-process.ts';

const program = fileURLToPath(new URL('agent-process.ts', import.meta.url));
/** A worker's program that plays formulas. */
export const formulaWorker = fileURLToPath(new URL('../soak/formula-worker.ts', import.meta.url));

/** An agent in a process of its own. */
export class AgentProcess {
  readonly folder: string;
  readonly #pairing: Pairing;
  readonly #worker: string | undefined;
  readonly #variables: Record<string, string>;
  child!: ChildProcess;

  constructor(
    pairing: Pairing,
    worker?: string,
    variables: Record<string, string> = {},
    folder = mkdtempSync(join(tmpdir(), 'ktg-agent-')),
  ) {
    this.folder = folder;
    this.#pairing = pairing;
    this.#worker = worker;
    this.#variables = variables;
    this.start();
  }

  start(): void {
    const file = join(this.folder, 'pairing.json');
    writeFileSync(file, JSON.stringify(this.#pairing), { mode: 0o600 });
    const worker = this.#worker === undefined ? [] : [this.#worker];
    this.child = spawn(process.execPath, [program, file, this.folder, ...worker], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...this.#variables },
    });
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    await endProcess(this.child, signal);
  }

  async close(): Promise<void> {
    await this.end('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A runner without slots: all work is done elsewhere. */
export const nowhere = (): Runner => new WorkerPool({ devices: [], cores: 1 });

/** The lab's side of some machines. */
export async function joinMachines(
  broker: TestBroker,
  ids: readonly string[],
  options: MachinesOptions = {},
): Promise<Machines> {
  const machines = await Machines.join(nowhere(), broker, options);
  for (const id of ids) machines.add({ id, name: id });
  return machines;
}
