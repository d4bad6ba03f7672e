/**
 * How a browser shows a served lab that it may come in. Its key travels as a subprotocol of the
 * WebSocket's handshake (RFC 6455, section 1.9): unlike a cookie it goes to this one port only, and
 * only when the page asks.
 */
import type { LabProblem } from '../base/problem.ts';
import { LabError } from '../base/errors.ts';

/** The subprotocol that the server agrees to; the key beside it is never echoed. */
export const LAB_PROTOCOL = 'ktg-lab';
const KEY = 'ktg-key.';

/** Refusals that say what a page needs; `lab.stranger` also for a session of an earlier server. */
type SessionRefusal = 'lab.link-used' | 'lab.stranger';

/** The server's first message. A refusal ends the connection. */
export type Greeting =
  | { type: 'session'; session: string }
  | ({ type: 'refusal' } & LabProblem & { code: SessionRefusal });

/** @param key the token of a link, or the session that it was traded for */
export const protocolsWith = (key: string): string[] => [LAB_PROTOCOL, `${KEY}${key}`];

/** The key in the header `Sec-WebSocket-Protocol`; null without one. */
export function keyIn(header: string | undefined): string | null {
  const protocols = (header ?? '').split(',').map((protocol) => protocol.trim());
  const found = protocols.find((protocol) => protocol.startsWith(KEY));
  return found !== undefined && protocols.includes(LAB_PROTOCOL) ? found.slice(KEY.length) : null;
}

/** The events of a browser's WebSocket, and of that of the library `ws`, that a greeting needs. */
interface Greeted {
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void, once: Once): void;
  addEventListener(type: 'close', listener: () => void, once: Once): void;
}
interface Once {
  once: true;
}

/**
 * Waits for the greeting on a new connection and returns the session, which opens further
 * connections.
 *
 * @throws LabError `lab.link-used`, `lab.stranger`; `lab.unreachable` when the connection closes
 * without a greeting
 */
export async function sessionOf(socket: Greeted): Promise<string> {
  const greeting = await new Promise<Greeting | null>((resolve) => {
    const hear = ({ data }: { data: unknown }): void => {
      resolve(JSON.parse(String(data)) as Greeting);
    };
    const end = (): void => {
      resolve(null);
    };
    socket.addEventListener('message', hear, { once: true });
    socket.addEventListener('close', end, { once: true });
  });
  if (greeting?.type === 'session') return greeting.session;
  if (greeting) throw new LabError(greeting);
  const next = 'Start it again; this page then continues.';
  throw new LabError('lab.unreachable/no-answer', { next });
}
