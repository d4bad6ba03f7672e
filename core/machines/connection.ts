import { connect, type NatsConnection } from '@nats-io/transport-node';
import { messageOf } from '../base/errors.ts';
import { inBackground } from '../base/in-background.ts';
import type { Pairing } from '../study/pairing.ts';
import { nkeyLogin } from './login.ts';
import { pinnedTls } from './pinned-tls.ts';
import { machineInbox } from './subjects.ts';

/** Milliseconds between two pings; a connection without two answers in a row is dialled again. */
const pingMs = 5_000;
const reconnectMs = 250;
const jitterMs = 250;
const dialMs = 5_000;

export interface Dial {
  /** Id of the lab, which the broker's certificate must name. */
  lab: string;
  servers: readonly string[];
  /** Secret key of the user. */
  seed: string;
  /** Prefix of the subjects for answers. */
  inbox: string;
  /** Name in the broker's log. */
  name: string;
  /** Certificate (PEM) that the broker's must come from. */
  ca: string;
  /** True to go on dialling while the broker is not reachable for the first time. */
  patient?: boolean;
  /** Milliseconds for one attempt. */
  timeout?: number | undefined;
}

/**
 * Connects to a broker and stays connected: it dials again for ever.
 *
 * @throws errors of the NATS client: unreachable, refused key, wrong certificate
 */
export async function dialBroker(dial: Dial): Promise<NatsConnection> {
  const { lab, servers, seed, inbox, name, ca, patient, timeout = dialMs } = dial;
  const tls = pinnedTls(lab, ca);
  try {
    const connection = await connect({
      servers: [...servers],
      authenticator: nkeyLogin(seed),
      inboxPrefix: inbox,
      name,
      tls: tls.options,
      pingInterval: pingMs,
      maxPingOut: 2,
      maxReconnectAttempts: -1,
      reconnectTimeWait: reconnectMs,
      reconnectJitter: jitterMs,
      reconnectJitterTLS: jitterMs,
      timeout,
      waitOnFirstConnect: patient === true,
      ignoreAuthErrorAbort: true,
      noAsyncTraces: true, // a stack for each request costs more than the request
      noEcho: true,
    });
    inBackground(connection.closed().then(tls.end));
    return connection;
  } catch (error) {
    tls.end();
    throw error;
  }
}

/** Connects the agent of a paired machine to its lab's broker. */
export const dialLab = (pairing: Pairing, { patient = false } = {}): Promise<NatsConnection> =>
  dialBroker({
    lab: pairing.lab,
    servers: pairing.servers,
    seed: pairing.seed,
    inbox: machineInbox(pairing.lab, pairing.machine),
    name: pairing.machine,
    ca: pairing.ca,
    patient,
  });

export const isRefusal = (error: unknown): boolean =>
  /authorization violation/i.test(messageOf(error));

/**
 * Waits until the broker of the lab has refused the key of a connection more than `most` times in a
 * row: its machine was removed or paired again. The client itself would dial for ever; told to end,
 * it would also end after two logins that came too late. Only the broker of this lab gets so far as
 * to refuse a key: another one on the same port fails at its certificate.
 *
 * @returns false when this side has closed the connection
 */
export async function untilRefused(connection: NatsConnection, most: number): Promise<boolean> {
  let refusals = 0;
  for await (const status of connection.status()) {
    if (status.type === 'reconnect') refusals = 0;
    if (status.type === 'error' && isRefusal(status.error) && ++refusals > most) return true;
  }
  return false;
}
