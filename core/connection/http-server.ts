import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { LabError } from '../base/errors.ts';
import type { LabApi } from '../lab/api.ts';
import { webSocketPort } from './port.ts';
import { serveLab } from './serve-lab.ts';
import { forPages } from './page-access.ts';
import { AccessCheck, type Refusal } from './access-check.ts';
import { pageAt, pageHeaders } from './pages.ts';
import { LAB_PROTOCOL, keyIn } from './browser-session.ts';

/** Largest message of a connection: a portion of 1 MiB in base64, and room for a plan. */
const MAX_MESSAGE = 2 << 20;
const MAX_CONNECTIONS = 32;
const TIMEOUT = 10_000;
/** Milliseconds in which the other end of a refused connection must close it. */
const FAREWELL = 1000;
/** Milliseconds between two pings; who misses one is gone. */
const PING = 30_000;
/** Where the channel is. */
export const CHANNEL_PATH = '/lab';
/** RFC 6455: the end of a connection that breaks a rule of this server. */
const POLICY = 1008;
const NO_KEY: Refusal = {
  status: 401,
  why: 'Open the link that the lab printed when it was started.',
};
const NOTHING: Refusal = { status: 400, why: 'There is no page at this address.' };

export interface ServeOptions {
  /** Folder of the built window. */
  folder: string;
  /** 0: any free one. */
  port?: number;
  /** Milliseconds in which a request must have come. */
  patience?: number;
  onBug?: (error: unknown) => void;
}

export interface Served {
  /** To be opened once: it holds the token. */
  url: string;
  port: number;
  close(): Promise<void>;
}

/**
 * Serves the window to every program of this machine, and the lab to browsers that show the link's
 * token or the session that it was traded for: loopback only, so that others come through an ssh
 * tunnel or not at all. No secret is ever in a cookie or in a served file. Throws LabError
 * `serve.port-taken`, `serve.no-window`.
 */
export async function serve(
  lab: LabApi,
  { folder, port = 0, patience = TIMEOUT, onBug }: ServeOptions,
): Promise<Served> {
  if (!(await pageAt(folder, '/'))) throw new LabError('serve.no-window', { folder });
  const server = createServer({
    maxHeaderSize: 16 << 10,
    headersTimeout: patience,
    requestTimeout: patience,
    connectionsCheckingInterval: patience / 4,
    keepAliveTimeout: 5000,
  });
  server.maxConnections = 4 * MAX_CONNECTIONS;
  const actual = await listen(server, port);
  const guard = new AccessCheck(actual);
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE,
    perMessageDeflate: false,
    handleProtocols: () => LAB_PROTOCOL,
  });
  const shown = forPages(lab);

  server.on('request', (request, response) => {
    answer(request, response, guard, folder).catch((error: unknown) => {
      onBug?.(error);
      response.destroy();
    });
  });
  server.on('upgrade', (request, socket, head) => {
    const key = keyIn(request.headers['sec-websocket-protocol']);
    const refusal =
      guard.refuseHost(request) ??
      guard.refuseOrigin(request, 'always') ??
      (key === null ? NO_KEY : null) ??
      (request.url === CHANNEL_PATH && sockets.clients.size < MAX_CONNECTIONS ? null : NOTHING);
    if (refusal || key === null) {
      refuseUpgrade(socket, refusal ?? NO_KEY);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (connection) => {
      connection.on('error', () => {
        connection.terminate(); // too large, or not a WebSocket's language
      });
      const greeting = guard.greet(key);
      connection.send(JSON.stringify(greeting));
      if (greeting.type === 'session') serveLab(shown, webSocketPort(connection), onBug);
      else {
        sockets.clients.delete(connection); // refused connections take no place of admitted ones
        connection.close(POLICY);
        setTimeout(() => {
          connection.terminate();
        }, FAREWELL).unref();
      }
    });
  });
  server.on('clientError', (_error, socket) => {
    hangUp(socket, 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  const pings = keepAlive(sockets);

  return {
    url: `http://127.0.0.1:${actual}/#token=${guard.token}`,
    port: actual,
    async close() {
      clearInterval(pings);
      for (const connection of sockets.clients) connection.terminate();
      sockets.close();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  guard: AccessCheck,
  folder: string,
): Promise<void> {
  request.resume();
  for (const [name, value] of Object.entries(pageHeaders)) response.setHeader(name, value);
  const refusal = guard.refuseHost(request) ?? guard.refuseOrigin(request, 'if-given');
  if (refusal) {
    refuse(response, refusal);
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    refuse(response, { status: 405, why: 'Only GET and HEAD requests are possible.' });
    return;
  }
  const url = URL.parse(`http://lab${request.url ?? ''}`);
  if (!url) {
    refuse(response, { status: 400, why: 'This is not an address.' });
    return;
  }
  const page = await pageAt(folder, url.pathname);
  if (!page) {
    response
      .writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' })
      .end('There is no page at this address.');
    return;
  }
  response.writeHead(200, {
    'Content-Type': page.type,
    'Content-Length': page.content.length,
    'Cache-Control': page.lasting ? 'private, max-age=31536000, immutable' : 'no-store',
  });
  response.end(request.method === 'HEAD' ? undefined : page.content);
}

/** Whoever is refused has no connection afterwards, also when its request goes on for ever. */
function refuse(response: ServerResponse, { status, why }: Refusal): void {
  const allow = status === 405 && { Allow: 'GET, HEAD' };
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    Connection: 'close',
    ...allow,
  });
  response.end(why);
}

function refuseUpgrade(socket: Duplex, { status, why }: Refusal): void {
  hangUp(
    socket,
    `HTTP/1.1 ${status} Refused\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n${why}`,
  );
}

/** Says a last word and ends the connection, whether or not the other end closes its own. */
function hangUp(socket: Duplex, word: string): void {
  socket.on('error', () => undefined);
  if (socket.writable) socket.end(word, () => socket.destroy());
  else socket.destroy();
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve).once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE' || error.code === 'EACCES';
      reject(taken ? new LabError('serve.port-taken', { port, reason: error.message }) : error);
    });
    server.listen(port, '127.0.0.1');
  });
  return (server.address() as AddressInfo).port;
}

/** Ends connections whose other end has silently gone: a laptop asleep, a tunnel cut. */
function keepAlive(sockets: WebSocketServer): NodeJS.Timeout {
  const silent = new WeakSet<WebSocket>();
  return setInterval(() => {
    for (const connection of sockets.clients) {
      if (silent.has(connection)) {
        connection.terminate();
        continue;
      }
      silent.add(connection);
      connection.once('pong', () => silent.delete(connection));
      connection.ping();
    }
  }, PING).unref();
}
