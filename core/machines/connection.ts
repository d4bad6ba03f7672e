import { connect, type NatsConnection, nkeyAuthenticator } from '@nats-io/transport-node';
import type { Pairing } from '../study/pairing.ts';
import { machineInbox } from './subjects.ts';

/** Milliseconds between two pings; a connection without two answers in a row is dialled again. */
const pingMs = 5_000;
const reconnectMs = 250;
const jitterMs = 250;
const dialMs = 5_000;

export interface Dial {
  servers: readonly string[];
  /** Secret key of the user. */
  seed: string;
  /** Prefix of the subjects for answers. */
  inbox: string;
  /** Name in the broker's log. */
  name: string;
  /** Certificate (PEM) that the broker's must come from; without it the connection is plain. */
  ca?: string | undefined;
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
export const dialBroker = ({ servers, seed, inbox, name, ca, patient, timeout = dialMs }: Dial) =>
  connect({
    servers: [...servers],
    authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)),
    inboxPrefix: inbox,
    name,
    tls: ca === undefined ? null : { ca },
    pingInterval: pingMs,
    maxPingOut: 2,
    maxReconnectAttempts: -1,
    reconnectTimeWait: reconnectMs,
    reconnectJitter: jitterMs,
    reconnectJitterTLS: jitterMs,
    timeout,
    waitOnFirstConnect: patient === true,
    ignoreAuthErrorAbort: true,
    noEcho: true,
  });

/** Connects the agent of a paired machine to its lab's broker. */
export const dialLab = (pairing: Pairing, { patient = false } = {}): Promise<NatsConnection> =>
  dialBroker({
    servers: pairing.servers,
    seed: pairing.seed,
    inbox: machineInbox(pairing.lab, pairing.machine),
    name: pairing.machine,
    ca: pairing.ca,
    patient,
  });
