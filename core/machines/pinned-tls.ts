import { brokerName } from './subjects.ts';

/**
 * Options of TLS for connections to the broker of one lab. The certificate names the lab, not an
 * address: tunnels and relays lead to the broker from any. Nothing is read before the handshake, so
 * no greeting of a stranger counts.
 *
 * @param ca the lab's authority (PEM), which signs only its own broker
 * @returns options for the client, and `end`, which ends a handshake that nobody answers
 */
export function pinnedTls(lab: string, ca: string) {
  let latest = new AbortController();
  const end = (): void => {
    latest.abort();
  };
  const options = {
    ca,
    handshakeFirst: true,
    servername: brokerName(lab),
    /** Read once a dial. The client forgets sockets whose handshake takes too long. */
    get signal(): AbortSignal {
      end();
      latest = new AbortController();
      return latest.signal;
    },
  };
  return { options, end };
}
