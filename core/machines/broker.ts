import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import * as v from 'valibot';
import { LabError, messageOf } from '../base/errors.ts';
import { makeFolder } from '../base/folder.js';
import { inBackground } from '../base/in-background.ts';
import { natsServer } from '../install/nats-server.ts';
import { machineIdSchema } from '../study/pairing.ts';
import { brokerConfig } from './broker-config.ts';
import { BrokerProcess } from './broker-process.ts';
import { type BrokerState, type BrokerUser, newState, newUser, readState } from './broker-state.ts';
import type { Certificates } from './certificate.ts';
import { dialBroker } from './connection.ts';
import { writePrivate } from './private-file.ts';
import { brokerName, labInbox } from './subjects.ts';

/** Address of a broker that only this machine reaches. */
export const loopback = '127.0.0.1';

const reloadMs = 5_000;
const reloadLookMs = 100;
/** A connection that began during a reload may get no answer. */
const probeMs = 500;

export interface BrokerOptions {
  /** The broker's own folder, private to this user; made when it is missing. */
  folder: string;
  /** Address to listen on; by default only this machine reaches the broker. */
  listen?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** The lab's message broker: a nats-server that knows the lab and its machines. */
export interface Broker {
  /** Identifies the lab in subjects; stays the same over restarts. */
  readonly lab: string;
  /** `host:port` as this machine and, off loopback, other machines dial it. */
  readonly servers: string[];
  readonly port: number;
  /** The lab's authority (PEM), which signs the broker's certificate. */
  readonly ca: string;
  /** Process id of the server; null while none runs. */
  readonly pid: number | null;
  /** A connection of the lab's own user, which dials again for ever. */
  labConnection(): Promise<NatsConnection>;
  /** Lets a machine in. A machine that is known already gets a new key and loses the old one. */
  addMachine(id: string): Promise<{ seed: string }>;
  /** Takes a machine's key away and cuts its connections. */
  removeMachine(id: string): Promise<void>;
  /** Machines whose pairings exist. */
  machines(): readonly Readonly<BrokerUser>[];
  /** Notes that a machine has come in, so that its pairing does not expire. */
  markUsed(id: string): Promise<void>;
  /** Called when a server that ended is back. Returns its undo. */
  onRestart(listener: () => void): () => void;
  close(): Promise<void>;
}

/**
 * Starts the broker of a lab.
 *
 * @throws LabError `machines.no-broker` (no nats-server), `machines.broker-does-not-start`,
 * `machines.broker-folder`
 */
export async function openBroker(options: BrokerOptions): Promise<Broker> {
  const { folder, listen = loopback, signal } = options;
  const program = await natsServer({ signal });
  try {
    makeFolder(folder);
    const state = readState(folder) ?? (await newState(listen));
    // Agents of protocol 2 look for the address that they dial.
    const old = ['localhost', ...(isAny(listen) ? [] : [listen]), hostname()];
    const certificates = await certificatesFor(folder, [brokerName(state.lab), ...old]);
    const broker = new RunningBroker(folder, listen, program, state, certificates);
    await broker.start();
    return broker;
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError(
      'machines.broker-folder',
      { folder, reason: messageOf(error) },
      { cause: error },
    );
  }
}

/** Loads the library for certificates: programs without a broker start without it. */
async function certificatesFor(folder: string, names: readonly string[]): Promise<Certificates> {
  const { brokerCertificate } = await import('./certificate.ts');
  return brokerCertificate(folder, names);
}

class RunningBroker implements Broker {
  readonly #folder: string;
  readonly #listen: string;
  readonly #tls: Certificates;
  readonly #process: BrokerProcess;
  readonly #labUser = newUser();
  readonly #listeners = new Set<() => void>();
  readonly #connections = new Set<NatsConnection>();
  #state: BrokerState;
  /** Changes one after another: each waits until the server knows it. */
  #change: Promise<unknown> = Promise.resolve();
  /** A user without rights that shows which configuration the server has read. */
  #probe = newUser();

  constructor(
    folder: string,
    listen: string,
    program: string,
    state: BrokerState,
    tls: Certificates,
  ) {
    this.#folder = folder;
    this.#listen = listen;
    this.#state = state;
    this.#tls = tls;
    this.#process = new BrokerProcess(
      {
        program,
        config: join(folder, 'broker.conf'),
        pidFile: join(folder, 'broker.pid'),
        log: join(folder, 'broker.log'),
        host: this.#host,
        port: state.port,
        lab: state.lab,
        ca: tls.ca,
      },
      () => {
        for (const listener of this.#listeners) listener();
      },
    );
  }

  async start(): Promise<void> {
    await this.#save(this.#state);
    await this.#process.start();
  }

  get lab(): string {
    return this.#state.lab;
  }

  get port(): number {
    return this.#state.port;
  }

  get pid(): number | null {
    return this.#process.pid;
  }

  get ca(): string {
    return this.#tls.ca;
  }

  get servers(): string[] {
    return [serverOf(isAny(this.#listen) ? hostname() : this.#listen, this.port)];
  }

  async labConnection(): Promise<NatsConnection> {
    const connection = await this.#dial(this.#labUser.seed, labInbox(this.lab), 'lab');
    this.#connections.add(connection);
    inBackground(connection.closed().then(() => this.#connections.delete(connection)));
    return connection;
  }

  addMachine(id: string): Promise<{ seed: string }> {
    const { seed, publicKey } = newUser();
    const added = { id: v.parse(machineIdSchema, id), publicKey, at: Date.now(), used: false };
    return this.#changed((machines) => [...machines.filter((each) => each.id !== id), added]).then(
      () => ({ seed }),
    );
  }

  async removeMachine(id: string): Promise<void> {
    await this.#changed((machines) => machines.filter((each) => each.id !== id));
  }

  machines(): readonly Readonly<BrokerUser>[] {
    return this.#state.machines;
  }

  async markUsed(id: string): Promise<void> {
    if (this.#state.machines.every((each) => each.id !== id || each.used)) return;
    await this.#inOrder(() =>
      this.#save({
        ...this.#state,
        machines: this.#state.machines.map((each) =>
          each.id === id ? { ...each, used: true } : each,
        ),
      }),
    );
  }

  onRestart(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    await Promise.all([...this.#connections].map((connection) => connection.close()));
    await this.#process.close();
  }

  get #host(): string {
    return isAny(this.#listen) ? loopback : this.#listen;
  }

  #dial(seed: string, inbox: string, name: string, timeout?: number): Promise<NatsConnection> {
    const servers = [serverOf(this.#host, this.port)];
    return dialBroker({ lab: this.lab, servers, seed, inbox, name, ca: this.ca, timeout });
  }

  /** Changes the machines and waits until the server has read them. */
  #changed(change: (machines: BrokerUser[]) => BrokerUser[]): Promise<void> {
    return this.#inOrder(async () => {
      this.#probe = newUser();
      await this.#save({ ...this.#state, machines: change(this.#state.machines) });
      this.#process.reload();
      await this.#untilReloaded();
    });
  }

  #inOrder<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#change.then(work);
    this.#change = done.catch(() => undefined);
    return done;
  }

  async #save(state: BrokerState): Promise<void> {
    const { lab, port, machines } = state;
    const path = (name: string): string => join(this.#folder, name);
    await writePrivate(path('broker.json'), `${JSON.stringify(state, null, 2)}\n`);
    this.#state = state;
    const text = brokerConfig({
      lab,
      host: this.#listen,
      port,
      log: path('broker.log'),
      pidFile: path('broker.pid'),
      labKey: this.#labUser.publicKey,
      probeKey: this.#probe.publicKey,
      machines,
      tls: this.#tls,
    });
    await writePrivate(path('broker.conf'), text);
  }

  /** @throws LabError `machines.broker-does-not-start` when the server ignores the change */
  async #untilReloaded(): Promise<void> {
    const until = performance.now() + reloadMs;
    let reason = '';
    while (performance.now() < until) {
      try {
        const connection = await this.#dial(this.#probe.seed, 'none', 'probe', probeMs);
        await connection.close();
        return;
      } catch (error) {
        reason = messageOf(error);
        await delay(reloadLookMs);
        this.#process.reload(); // a server that has just begun may have missed the first signal
      }
    }
    const place = `${this.#host}:${this.port}`;
    const log = join(this.#folder, 'broker.log');
    throw new LabError('machines.broker-does-not-start', { place, words: reason, log });
  }
}

/** `host:port`, with brackets around an IPv6 address. */
export const serverOf = (host: string, port: number): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** True for the addresses that mean every interface. */
const isAny = (host: string): boolean => host === '0.0.0.0' || host === '::';
