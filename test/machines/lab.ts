import { Link } from '../../core/machines/link.ts';
import { AgentSession, type AgentSessionOptions } from '../../core/machines/agent-session.ts';
import { Blobs } from '../../core/machines/blobs.ts';
import { dialLab } from '../../core/machines/connection.ts';
import type { Machines, MachinesOptions } from '../../core/machines/machines.ts';
import { PROTOCOL, type Versions } from '../../core/machines/messages.ts';
import { Scheduler, type SchedulerOptions } from '../../core/search/scheduler.ts';
import type { SchedulerEvent } from '../../core/search/scheduler-events.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import type { Store } from '../../core/store/store.ts';
import type { Pairing } from '../../core/study/pairing.ts';
import { type Script, ScriptedRunner } from '../search/scripted-runner.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestBroker } from './broker.ts';
import { joinMachines } from './support.ts';

export const versions: Versions = {
  protocol: PROTOCOL,
  app: '0.0.0',
  revision: null,
  runtime: 'node',
  engine: 'scripted',
  driver: null,
  host: 'here',
};

/** Looks and beats 20 times faster than usual: a lease of 30 looks is 1.5 seconds. */
export const FAST = 50;

/** An agent in this process whose workers play formulas. */
export class ScriptedAgent {
  readonly runner: ScriptedRunner;
  readonly session: AgentSession;
  readonly link: Link;
  readonly blobs: Blobs;
  readonly log: string[];
  readonly #folder: string;

  private constructor(
    runner: ScriptedRunner,
    session: AgentSession,
    link: Link,
    kept: { blobs: Blobs; folder: string; log: string[] },
  ) {
    this.runner = runner;
    this.session = session;
    this.link = link;
    this.blobs = kept.blobs;
    this.#folder = kept.folder;
    this.log = kept.log;
  }

  static async start(
    pairing: Pairing,
    script: Partial<Script> = {},
    change: {
      beat?: number;
      versions?: Partial<Versions>;
      /** Names of its data sets; may grow. */
      data?: string[];
      fetch?: AgentSessionOptions['fetch'];
      /** How they are listed, in place of `data`. */
      list?: AgentSessionOptions['data'];
    } = {},
  ): Promise<ScriptedAgent> {
    const folder = mkdtempSync(join(tmpdir(), 'ktg-scripted-'));
    const blobs = await Blobs.open(folder);
    const runner = new ScriptedRunner({ slots: 2, ...script });
    const link = new Link(await dialLab(pairing, { patient: true }));
    const log: string[] = [];
    const session = new AgentSession({
      link,
      lab: pairing.lab,
      machine: pairing.machine,
      runner,
      blobs,
      versions: { ...versions, ...change.versions },
      data: change.list ?? (() => Promise.resolve([...(change.data ?? ['synthetic'])])),
      ...(change.fetch && { fetch: change.fetch }),
      log: (line) => log.push(line),
      beat: change.beat ?? FAST,
    });
    return new ScriptedAgent(runner, session, link, { blobs, folder, log });
  }

  /** Ends at once, as a killed process does: nothing is said. */
  async vanish(): Promise<void> {
    this.session.close();
    await this.link.close();
    await this.runner.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A lab without slots of its own. */
export class RemoteLab {
  readonly store: Store;
  readonly machines: Machines;
  readonly scheduler: Scheduler;
  readonly events: SchedulerEvent[] = [];
  readonly #waiting = new Set<() => void>();
  #isClosed = false;

  private constructor(store: Store, machines: Machines, options: SchedulerOptions) {
    this.store = store;
    this.machines = machines;
    this.scheduler = new Scheduler(store, machines, {
      delayDivisor: 100,
      onEvent: (event) => {
        this.events.push(event);
        this.#look();
      },
      ...options,
    });
    machines.onMachines(() => {
      this.#look();
    });
  }

  static async open(
    broker: TestBroker,
    ids: readonly string[],
    options: {
      store?: Store;
      machines?: MachinesOptions;
      scheduler?: SchedulerOptions;
    } = {},
  ): Promise<RemoteLab> {
    const machines = await joinMachines(broker, ids, { lookTime: FAST, ...options.machines });
    return new RemoteLab(options.store ?? openMemoryStore(), machines, options.scheduler ?? {});
  }

  /** Waits until something holds, looking after every event. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Ends the lab's process; the store stays open. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.scheduler.close('save');
    await this.machines.close();
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }
}
