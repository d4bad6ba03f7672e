import { hostname } from 'node:os';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { LabError, messageOf } from '../base/errors.ts';
import { deliveredIn } from '../data/delivery.ts';
import { findOfficial } from '../data/official.ts';
import { dataHome } from '../base/data-home.ts';
import { sources } from '../data/sets/sets.ts';
import { cores } from '../devices/devices.ts';
import type { Device } from '../devices/device.ts';
import type { Sharing } from '../devices/mps.ts';
import type { Pairing } from '../study/pairing.ts';
import { appVersion, revision } from '../train/environment.ts';
import type { RequestedEngine } from '../workers/messages.ts';
import { WorkerPool } from '../workers/pool.ts';
import { AgentSession } from './agent-session.ts';
import { fetchData } from './archives.ts';
import { Blobs } from './blobs.ts';
import { clockProblem } from './clock.ts';
import { dialLab, isRefusal, untilRefused } from './connection.ts';
import { Link, pause } from './link.ts';
import { MAX_DATA_SETS, PROTOCOL } from './messages.ts';

/** Milliseconds for which the jobs of an agent that ends may hand over their checkpoints. */
const LEAVE_TIME = 60_000;
/** Milliseconds between two tries to reach the lab. */
const DIAL_WAIT = 2_000;
/** Refusals in a row after which an agent ends: its machine was removed. */
const MAX_REFUSALS = 15;

export interface AgentOptions {
  engine: RequestedEngine;
  /** Version of the engine, for people. */
  engineTitle?: string;
  /** Driver of the cards; null without one. */
  driver?: string | null;
  /** Folder of the official data sets; null for the usual one. */
  dataFolder: string | null;
  /** The agent's own folder, for weights that it keeps. */
  folder: string;
  devices: readonly Device[];
  /** Cores that the slots of the processor share. */
  cores?: number;
  lookAtDevices?: (afresh: boolean) => Promise<readonly Device[]>;
  share?: () => Promise<Sharing>;
  /** The worker's program, when it is not where it is in the sources. */
  program?: string;
  /** Ends the agent in order: its runs hand their checkpoints over first. */
  signal: AbortSignal;
  log: (line: string) => void;
}

/**
 * Trains for a lab on this machine until the signal is given.
 *
 * @throws LabError `machines.key-refused` when the lab does not take the key, or no longer
 */
export async function runAgent(pairing: Pairing, options: AgentOptions): Promise<void> {
  const { engine, dataFolder, signal, log } = options;
  const home = dataFolder ?? dataHome();
  const blobs = await Blobs.open(join(options.folder, 'weights'));
  log(`Connecting to ${pairing.servers.join(', ')} for lab ${pairing.lab}.`);
  const connection = await dialUntil(pairing, signal, log);
  if (connection === null) return;
  const link = new Link(connection);
  const pool = new WorkerPool({
    devices: options.devices,
    cores: options.cores ?? cores(),
    engine,
    dataFolder,
    ...(options.lookAtDevices && { lookAtDevices: options.lookAtDevices }),
    ...(options.share && { share: options.share }),
    ...(options.program !== undefined && { program: options.program }),
  });
  const session = new AgentSession({
    link,
    lab: pairing.lab,
    machine: pairing.machine,
    runner: pool,
    blobs,
    versions: {
      protocol: PROTOCOL,
      app: appVersion(),
      revision: revision(),
      runtime: `node ${process.versions.node}`,
      engine: options.engineTitle ?? engine,
      driver: options.driver ?? null,
      host: hostname(),
    },
    data: () => dataSetsIn(home),
    fetch: (name, pull) =>
      fetchData(name, { home, blobs, signal, pull: (archive) => pull(archive, signal) }),
    log,
  });
  log(`Connected to ${link.connection.getServer()}.`);
  try {
    await untilEnded(connection, pairing, signal);
    await session.leave(LEAVE_TIME);
  } finally {
    session.close();
    await pool.close();
    await link.close().catch((error: unknown) => {
      log(messageOf(error));
    });
  }
}

/**
 * Connecting to the lab until it answers, and logs each new reason why it does not.
 *
 * @returns null when the signal came first
 * @throws LabError `machines.key-refused` when the lab has refused the key for a while
 */
async function dialUntil(
  pairing: Pairing,
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<NatsConnection | null> {
  let told = '';
  for (let refusals = 0; !signal.aborted;) {
    try {
      return await dialLab(pairing);
    } catch (error) {
      refusals = isRefusal(error) ? refusals + 1 : 0;
      if (refusals > MAX_REFUSALS)
        throw new LabError('machines.key-refused', { name: pairing.name }, { cause: error });
      const found = messageOf(error);
      const clock = clockProblem(found, pairing.ca, Date.now());
      const reason = clock ? `${clock.message} ${clock.next}` : `${found}.`;
      if (reason !== told) log(`No connection yet: ${reason}`);
      told = reason;
      await pause(DIAL_WAIT, signal);
    }
  }
  return null;
}

/**
 * Settles with the signal.
 *
 * @throws LabError `machines.key-refused` when the lab does not take the key any more
 */
async function untilEnded(
  connection: NatsConnection,
  { name }: Pairing,
  signal: AbortSignal,
): Promise<void> {
  const ended = new Promise<boolean>((resolve) => {
    signal.addEventListener('abort', () => resolve(false), { once: true });
  });
  if (signal.aborted) return;
  const isRefused = await Promise.race([ended, untilRefused(connection, MAX_REFUSALS)]);
  if (isRefused) throw new LabError('machines.key-refused', { name });
}

/** Names of the sets that are built in or lie in a folder. */
async function dataSetsIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const source of sources)
    if (source.kind === 'built-in' || (await findOfficial(source, folder)) !== undefined)
      names.push(source.name);
  return [...names, ...(await deliveredIn(folder))].slice(0, MAX_DATA_SETS);
}
