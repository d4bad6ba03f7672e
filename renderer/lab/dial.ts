/** How the window reaches the lab: over the port that the shell hands over, or over the server that delivered the page. */
import { LabError } from '../../core/base/errors.ts';
import { connectLab, messagePort, webSocketPort } from '../../core/lab/channel.ts';
import type { Dial } from './connection.ts';

/** Address scheme of the page inside the desktop app. */
const SHELL = 'app:';
/** What the preload script posts to the window, with one port. */
const PORT_MESSAGE = 'ktg:port';
/** Below the page's own address; see CHANNEL_PATH of the server. */
const CHANNEL = './lab';

/** The way that fits where this page comes from. */
export const dialHere = (): Dial => (location.protocol === SHELL ? dialShell() : dialServer);

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

/** Rejects with LabError `lab.unreachable`, or `lab.stranger` when the server runs but does not know this browser. */
async function dialServer(): ReturnType<Dial> {
  const address = new URL(CHANNEL, location.href);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(address);
  const opened = await new Promise<boolean>((resolve) => {
    socket.onopen = () => {
      resolve(true);
    };
    socket.onclose = () => {
      resolve(false);
    };
  });
  if (opened) return connectLab(webSocketPort(socket));
  throw (await isStranger())
    ? new LabError(
        'lab.stranger',
        'The lab was started again and does not know this browser.',
        'Open the address that it printed.',
      )
    : new LabError('lab.unreachable', 'The lab does not answer.', 'Start it again; this page then goes on.');
}

/** A refused upgrade tells a page nothing, so the page itself is asked for again. */
async function isStranger(): Promise<boolean> {
  try {
    return (await fetch('./', { method: 'HEAD', cache: 'no-store' })).status === 401;
  } catch {
    return false;
  }
}
