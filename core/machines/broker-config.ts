import { brokerName, labInbox, machineInbox } from './subjects.ts';

/** Limits of the broker: bytes of a message, and bytes that may wait for one connection. */
const maxPayload = 1024 * 1024;
const maxPending = 64 * 1024 * 1024;
const logBytes = 1024 * 1024;
/** Answers to one request, within `answerTime`: weights may come in several parts. */
const maxAnswers = 64;
const answerTime = '2m';
/**
 * How long the broker waits for a TLS handshake before it greets in plain text, as agents of
 * protocol 2 expect. They may come in so far as to be told that they need an update.
 */
const handshakeTime = '2s';

export interface BrokerConfig {
  lab: string;
  /** Address to listen on. */
  host: string;
  port: number;
  log: string;
  pidFile: string;
  /** Public key of the lab's own user. */
  labKey: string;
  /** Public key of a user without rights, see `Broker`. */
  probeKey: string;
  machines: readonly { id: string; publicKey: string }[];
  /** Files of certificate and key. */
  tls: { certificate: string; key: string };
}

/**
 * Returns the configuration of nats-server. It holds public keys only. Neither JetStream nor
 * monitoring is on, nobody comes in without TLS, and a machine may only
 * - publish on its own `up` subjects and answer the requests that it received,
 * - subscribe to its own `down` subjects and to its own inbox.
 *
 * JSON is valid in this format and quotes every text.
 */
export function brokerConfig(config: BrokerConfig): string {
  const { lab, tls } = config;
  const settings = {
    server_name: brokerName(lab),
    host: config.host,
    port: config.port,
    pid_file: config.pidFile,
    log_file: config.log,
    logfile_size_limit: logBytes,
    logfile_max_num: 2,
    max_payload: maxPayload,
    max_pending: maxPending,
    max_control_line: 4096,
    ping_interval: '5s',
    ping_max: 2,
    write_deadline: '10s',
    tls: {
      cert_file: tls.certificate,
      key_file: tls.key,
      timeout: 5,
      handshake_first: handshakeTime,
    },
    authorization: {
      timeout: 5,
      users: [
        labUser(lab, config.labKey),
        { nkey: config.probeKey, permissions: { publish: nothing, subscribe: nothing } },
        ...config.machines.map(({ id, publicKey }) => machineUser(lab, id, publicKey)),
      ],
    },
  };
  return `${JSON.stringify(settings, null, 2)}\n`;
}

const nothing = { deny: ['>'] };

const labUser = (lab: string, nkey: string) => ({
  nkey,
  permissions: {
    publish: { allow: [`ktg.${lab}.down.>`, `_INBOX.${lab}.machine.>`] },
    subscribe: { allow: [`ktg.${lab}.up.>`, `${labInbox(lab)}.>`] },
  },
});

const machineUser = (lab: string, id: string, nkey: string) => ({
  nkey,
  permissions: {
    publish: { allow: [`ktg.${lab}.up.${id}.>`] },
    subscribe: { allow: [`ktg.${lab}.down.${id}.>`, `${machineInbox(lab, id)}.>`] },
    allow_responses: { max: maxAnswers, expires: answerTime },
  },
});
