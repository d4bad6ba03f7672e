import { LabError } from '../base/errors.ts';
import type { LabApi, LabEvent, RequestInput, RequestName, RequestOutput } from '../lab/api.ts';
import type { FromLab, ToLab } from './messages.ts';
import { type Part, Parts } from './parts.ts';
import type { Port } from './port.ts';

/** A lab at the other end of a port. */
export interface LabLine {
  readonly api: LabApi;
  /** Settles when the connection is gone; never rejects. */
  readonly closed: Promise<void>;
  close(): void;
}

/** A request whose answer has not come. */
interface Waiting {
  resolve: (output: unknown) => void;
  reject: (error: unknown) => void;
  parts: Parts;
}

/**
 * The lab at the other end of a port. Requests that are under way when it closes reject with
 * LabError `lab.unreachable`.
 */
export function connectLab(port: Port): LabLine {
  let ids = 0;
  let open = true;
  const waiting = new Map<number, Waiting>();
  const listeners = new Map<number, (event: LabEvent) => void>();
  const post = (message: ToLab): void => {
    port.post(message);
  };

  /** A part out of order closes the connection: the answer would be wrong. */
  const takePart = (part: Part & { id: number }, request: Waiting | undefined): void => {
    try {
      const index = request?.parts.add(part) ?? null;
      if (index !== null) post({ type: 'part-taken', id: part.id, index });
    } catch {
      port.close();
    }
  };

  const closed = new Promise<void>((resolve) => {
    port.onClose(() => {
      open = false;
      for (const { reject } of waiting.values()) reject(unreachable());
      waiting.clear();
      listeners.clear();
      resolve();
    });
  });
  port.onMessage((raw) => {
    const message = raw as FromLab;
    if (message.type === 'event') {
      listeners.get(message.id)?.(message.event);
      return;
    }
    const request = waiting.get(message.id);
    if (message.type === 'part') {
      takePart(message, request);
      return;
    }
    waiting.delete(message.id);
    if (message.type === 'answer') request?.resolve(request.parts.joinedWith(message.output));
    else request?.reject(new LabError(message));
  });

  const api: LabApi = {
    async request<Name extends RequestName>(
      name: Name,
      input: RequestInput<Name>,
      { signal }: { signal?: AbortSignal } = {},
    ): Promise<RequestOutput<Name>> {
      signal?.throwIfAborted();
      if (!open) throw unreachable();
      const request = ++ids;
      const output = new Promise((resolve, reject) =>
        waiting.set(request, { resolve, reject, parts: new Parts() }),
      );
      const abort = (): void => {
        waiting.get(request)?.reject(signal!.reason);
        waiting.delete(request);
        post({ type: 'abort', id: request });
      };
      signal?.addEventListener('abort', abort);
      post({ type: 'request', id: request, name, input });
      try {
        return (await output) as RequestOutput<Name>;
      } finally {
        signal?.removeEventListener('abort', abort);
      }
    },
    subscribe(wanted, listener, after) {
      const subscription = ++ids;
      listeners.set(subscription, listener);
      post({
        type: 'subscribe',
        id: subscription,
        topics: [...wanted],
        ...(after !== undefined && { after }),
      });
      return () => {
        if (listeners.delete(subscription)) post({ type: 'unsubscribe', id: subscription });
      };
    },
  };
  return {
    api,
    closed,
    close: () => {
      port.close();
    },
  };
}

const unreachable = (): LabError => new LabError('lab.unreachable');
