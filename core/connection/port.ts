/**
 * One end of any two-way connection that carries plain data in order: a pair in process, a
 * MessagePort, a socket.
 */
export interface Port {
  post(message: unknown): void;
  /** Called once, before anything can come. */
  onMessage(listener: (message: unknown) => void): void;
  /** Called once when the other end or the connection is gone, also after `close`. */
  onClose(listener: () => void): void;
  close(): void;
  /** Bytes that were posted and have not left yet; 0 where that is not known. */
  waiting(): number;
}

/**
 * Two ends in one process. Everything is copied on its way, as it would be by any other connection.
 */
export function portPair(): [Port, Port] {
  const ends = [makeEnd(), makeEnd()] as const;
  const over = (from: number): Port => {
    const [own, other] = [ends[from]!, ends[1 - from]!];
    return {
      post(message) {
        const text = JSON.stringify(message);
        queueMicrotask(() => {
          if (other.open) other.message(JSON.parse(text));
        });
      },
      onMessage: (listener) => (own.message = listener),
      onClose: (listener) => (own.closed = listener),
      close() {
        for (const end of ends) {
          if (!end.open) continue;
          end.open = false;
          queueMicrotask(() => {
            end.closed();
          });
        }
      },
      waiting: () => 0,
    };
  };
  return [over(0), over(1)];
}

const makeEnd = () => ({
  open: true,
  message: (_message: unknown): void => undefined,
  closed: (): void => undefined,
});

/** What a MessagePort of a page and one of Electron's main process have in common. */
interface Messaging {
  postMessage(message: unknown): void;
  close(): void;
  start?(): void;
}
type PagePort = Messaging & {
  /** Of a narrower event in a page's types than in Node's. */
  onmessage: unknown;
  addEventListener(type: 'close', listener: () => void): void;
};
type MainPort = Messaging & {
  on(type: 'message', listener: (event: { data: unknown }) => void): unknown;
  on(type: 'close', listener: () => void): unknown;
};

/** Over a MessagePort, of a page or of Electron's main process. */
export function messagePort(port: PagePort | MainPort): Port {
  return {
    post: (message) => {
      port.postMessage(message);
    },
    onMessage(listener) {
      if (!('addEventListener' in port))
        port.on('message', ({ data }) => {
          listener(data);
        });
      else
        port.onmessage = ({ data }: { data: unknown }) => {
          listener(data);
        };
      port.start?.();
    },
    onClose(listener) {
      if (!('addEventListener' in port)) port.on('close', listener);
      else port.addEventListener('close', listener);
    },
    close: () => {
      port.close();
    },
    waiting: () => 0,
  };
}

/** What a browser's WebSocket and that of the library `ws` have in common. */
interface Socket {
  send(text: string): void;
  close(code?: number): void;
  readonly bufferedAmount: number;
  readonly readyState: number;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: () => void): void;
}

/** Over an open WebSocket: one JSON text a message. What is not JSON closes it. */
export function webSocketPort(socket: Socket): Port {
  const OPEN = 1;
  return {
    post(message) {
      if (socket.readyState === OPEN) socket.send(JSON.stringify(message));
    },
    onMessage(listener) {
      socket.addEventListener('message', ({ data }) => {
        let message: unknown;
        try {
          if (typeof data !== 'string') throw new TypeError('Expected text.');
          message = JSON.parse(data);
        } catch {
          socket.close(UNSUPPORTED);
          return;
        }
        listener(message);
      });
    },
    onClose: (listener) => {
      socket.addEventListener('close', listener);
    },
    close: () => {
      socket.close();
    },
    waiting: () => socket.bufferedAmount,
  };
}

/** RFC 6455: data that cannot be accepted. */
const UNSUPPORTED = 1003;
