import { chmodSync, existsSync, rmSync } from 'node:fs';
import { type Server, type Socket, connect, createServer } from 'node:net';
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { realFile } from '../store/file/folder.ts';
import type { LabApi } from '../lab/api.ts';
import { type LabLine, connectLab } from './channel.ts';
import { serveLab } from './serve-lab.ts';
import type { Port } from './port.ts';

/** Longest request, characters: a portion of 1 MiB in base64, and room for a plan. */
const MAX_REQUEST = 2 << 20;
/** Longest answer, characters; the lab refuses to send half as much. */
const MAX_ANSWER = 64 << 20;
/** Longest path of a local socket on Linux and macOS, bytes. */
const MAX_PATH = 100;

/**
 * Where other programs of this user find the lab that holds a file, whatever it is called: a local
 * socket beside it, or a named pipe on Windows. null where the path would be too long.
 */
export function localSocketPath(named: string): string | null {
  const file = realFile(named);
  if (process.platform === 'win32')
    return `\\\\.\\pipe\\ktg-lab-${createHash('sha256').update(file).digest('hex').slice(0, 24)}`;
  const path = `${file}.sock`;
  return Buffer.byteLength(path) <= MAX_PATH ? path : null;
}

/**
 * Lets other programs of this user talk to a lab, such as `ktg pause` from another terminal. Only
 * who holds the lab file's write lock may call it: what an earlier holder left is removed. Returns
 * its undo.
 */
export async function listenOnLocalSocket(lab: LabApi, file: string): Promise<() => void> {
  const path = localSocketPath(file);
  if (path === null) return () => undefined;
  if (process.platform !== 'win32') rmSync(path, { force: true });
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serveLab(lab, socketPort(socket, MAX_REQUEST));
  });
  const open = await new Promise<boolean>((resolve) => {
    // A disk without sockets: others can look, not speak.
    server.once('error', () => {
      resolve(false);
    });
    server.listen(path, () => {
      resolve(true);
    });
  });
  if (!open) return () => undefined;
  if (process.platform !== 'win32') chmodSync(path, 0o600);
  server.unref();
  return () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
}

/** The lab that holds a file, if one does and listens. */
export async function connectLocalSocket(file: string): Promise<LabLine | null> {
  const path = existsSync(dirname(file)) ? localSocketPath(file) : null;
  if (path === null) return null;
  const socket = connect(path);
  const open = await new Promise<boolean>((resolve) => {
    socket
      .once('connect', () => {
        resolve(true);
      })
      .once('error', () => {
        resolve(false);
      });
  });
  return open ? connectLab(socketPort(socket, MAX_ANSWER)) : null;
}

/**
 * One JSON text a line. A line of more than `most` characters ends the connection, as does one that
 * is not JSON.
 */
function socketPort(socket: Socket, most: number): Port {
  socket.on('error', () => undefined); // followed by close
  socket.setEncoding('utf8');
  return {
    post(message) {
      if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
    },
    onMessage(listener) {
      let parts: string[] = [];
      let length = 0;
      socket.on('data', (chunk: unknown) => {
        const lines = (chunk as string).split('\n');
        const rest = lines.pop()!;
        for (const line of lines) {
          const text = length + line.length > most ? '' : [...parts, line].join('');
          parts = [];
          length = 0;
          try {
            listener(JSON.parse(text));
          } catch (error) {
            if (!(error instanceof SyntaxError)) throw error;
            socket.destroy();
            return;
          }
        }
        parts.push(rest);
        length += rest.length;
        if (length > most) socket.destroy();
      });
    },
    onClose: (listener) => void socket.on('close', listener),
    close: () => {
      socket.destroy();
    },
    waiting: () => socket.writableLength,
  };
}
