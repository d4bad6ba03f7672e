/**
 * How the window reaches the lab: over the port that the shell hands over, or over the server that
 * delivered the page.
 */
import { LabError } from '../../core/base/errors.ts';
import { connectLab } from '../../core/connection/channel.ts';
import { protocolsWith, sessionOf } from '../../core/connection/browser-session.ts';
import { messagePort, webSocketPort } from '../../core/connection/port.ts';
import type { Dial } from './connection.ts';

/** Address scheme of the page inside the desktop app. */
const SHELL = 'app:';
/** What the preload script posts to the window, with one port. */
const PORT_MESSAGE = 'ktg:port';
/** Below the page's own address; see CHANNEL_PATH of the server. */
const CHANNEL = './lab';

/** The way that fits where this page comes from. */
export const dialHere = (): Dial => (location.protocol === SHELL ? dialShell() : dialServer());

/** Ports come from the preload script, and a new one after a lab that ended. */
function dialShell(): Dial {
  const come: MessagePort[] = [];
  let wanted: ((port: MessagePort) => void) | null = null;
  addEventListener('message', ({ source, data, ports: [port] }) => {
    if (source !== window || data !== PORT_MESSAGE || !port) return;
    if (wanted) wanted(port);
    else come.push(port);
    wanted = null;
  });
  return async () => {
    const port = come.shift() ?? (await new Promise<MessagePort>((resolve) => (wanted = resolve)));
    return connectLab(messagePort(port));
  };
}

/** Name under which the page keeps its session; the browser keeps it per port, for all tabs. */
const SESSION = 'ktg-session';
/** The part after `#` of a link that the lab printed. */
const LINK = /^#token=([\w-]+)$/;

/**
 * Over the server that delivered the page. The first connection trades the token of the link for a
 * session, which opens all later ones, also those of other tabs. Rejects with LabErrors
 * `lab.link-used`, `lab.stranger`, `lab.unreachable`.
 */
function dialServer(): Dial {
  let token = takeToken();
  // A link that is opened in a tab with this page changes only what is after the #.
  addEventListener('hashchange', () => (token = takeToken() ?? token));
  return async () => {
    const refusals: Error[] = [];
    for (const key of [token, keptSession()]) {
      if (key === null) continue;
      try {
        const line = await connect(key);
        token = null;
        return line;
      } catch (thrown) {
        if (!(thrown instanceof LabError) || thrown.code === 'lab.unreachable') throw thrown;
        refusals.push(thrown);
      }
    }
    throw refusals[0] ?? withoutLink();
  };
}

async function connect(key: string): ReturnType<Dial> {
  const address = new URL(CHANNEL, location.href);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(address, protocolsWith(key));
  keepSession(await sessionOf(socket));
  return connectLab(webSocketPort(socket));
}

/** The token in this page's address, which is then removed from it: it works once. */
function takeToken(): string | null {
  const token = LINK.exec(location.hash)?.[1] ?? null;
  if (token !== null) history.replaceState(history.state, '', location.pathname);
  return token;
}

/** Where the browser lets pages keep nothing, the session lasts as long as this page. */
let ownSession: string | null = null;

function keptSession(): string | null {
  try {
    return localStorage.getItem(SESSION) ?? ownSession;
  } catch {
    return ownSession;
  }
}

function keepSession(session: string): void {
  ownSession = session;
  try {
    localStorage.setItem(SESSION, session);
  } catch {
    // Kept by this page alone.
  }
}

const withoutLink = (): LabError => new LabError('lab.stranger');
