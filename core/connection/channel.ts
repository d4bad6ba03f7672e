import * as v from 'valibot';
import type { LabProblem } from '../base/problem.ts';
import { LabError, messageOf, problem, problemOf } from '../base/errors.ts';
import type {
  LabApi,
  LabEvent,
  RequestInput,
  RequestName,
  RequestOutput,
  Topic,
} from '../lab/api.ts';
import { type Part, Parts, PartSender, requireSendable } from './parts.ts';
import type { Port } from './port.ts';

export type { Port } from './port.ts';
export { messagePort, portPair, webSocketPort } from './port.ts';
export { protocolsWith, sessionOf } from './browser-session.ts';

/** Requests of one connection that may be under way at once. */
const MAX_UNDER_WAY = 256;
const MAX_SUBSCRIPTIONS = 64;
/**
 * Bytes that a slow reader may lag behind before its connection is closed; it comes back and asks
 * for what it missed.
 */
const MAX_WAITING = 32 << 20;

const topics = [
  'studies',
  'runs',
  'metrics',
  'slots',
  'reruns',
  'pretrained',
  'graphs',
  'data',
  'engine',
  'machines',
  'log',
] as const satisfies readonly Topic[];

const id = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));

/** What comes from the other end; inputs are checked by the lab itself. */
const toLab = v.variant('type', [
  v.strictObject({
    type: v.literal('request'),
    id,
    name: v.pipe(v.string(), v.maxLength(100)),
    input: v.unknown(),
  }),
  v.strictObject({ type: v.literal('abort'), id }),
  /** Acknowledges the parts of an answer up to this index. */
  v.strictObject({ type: v.literal('part-taken'), id, index: id }),
  v.strictObject({
    type: v.literal('subscribe'),
    id,
    topics: v.pipe(v.array(v.picklist(topics)), v.minLength(1), v.maxLength(topics.length)),
    after: v.exactOptional(id),
  }),
  v.strictObject({ type: v.literal('unsubscribe'), id }),
]);
type ToLab = v.InferOutput<typeof toLab>;

type FromLab =
  /** Goes ahead of the answer. */
  | ({ type: 'part'; id: number } & Part)
  | { type: 'answer'; id: number; output: unknown }
  | ({ type: 'refusal'; id: number } & LabProblem)
  | { type: 'event'; id: number; event: LabEvent };

/**
 * Serves a lab over a port until it closes. Whatever is not in the language closes the port; an
 * abandoned connection leaves nothing behind.
 *
 * @param onBug told of what a request threw that is no LabError
 */
export function serveLab(
  lab: LabApi,
  port: Port,
  onBug: (error: unknown) => void = () => undefined,
): void {
  const underWay = new Map<number, AbortController>();
  const subscriptions = new Map<number, () => void>();
  const parts = new PartSender();
  /** Files on their way over this connection: nobody else knows them. */
  const files = new Set<string>();

  const post = (message: FromLab): void => {
    port.post(message);
    if (port.waiting() > MAX_WAITING) port.close();
  };

  const refuse = (request: number, error: unknown): void => {
    const found =
      error instanceof LabError
        ? problemOf(error)
        : problem('lab.unexpected/request', { reason: messageOf(error) });
    post({ type: 'refusal', id: request, ...found });
  };

  const answer = async ({
    id: request,
    name,
    input,
  }: ToLab & { type: 'request' }): Promise<void> => {
    const abort = new AbortController();
    underWay.set(request, abort);
    try {
      const output = await lab.request(name as RequestName, input as never, {
        signal: abort.signal,
      });
      const file = fileIn(output);
      if (file !== null) files.add(file);
      const awaited = (): boolean => underWay.has(request) && !abort.signal.aborted;
      const send = (part: Part): void => {
        if (part.items.length === 1) requireSendable(name, part.items); // longer ones are small
        post({ type: 'part', id: request, ...part });
      };
      const rest = await parts.send(request, output, send, awaited);
      requireSendable(name, rest);
      if (awaited()) post({ type: 'answer', id: request, output: rest });
    } catch (error) {
      if (!underWay.has(request) || abort.signal.aborted) return; // nobody waits for it
      if (!(error instanceof LabError)) onBug(error);
      refuse(request, error);
    } finally {
      underWay.delete(request);
    }
  };

  const obey = (message: ToLab): void => {
    const { id: about } = message;
    switch (message.type) {
      case 'request':
        if (underWay.has(about)) port.close();
        else if (underWay.size >= MAX_UNDER_WAY) refuse(about, tooMany());
        else void answer(message);
        break;
      case 'abort':
        underWay.get(about)?.abort();
        parts.end(about);
        break;
      case 'part-taken':
        parts.taken(about, message.index);
        break;
      case 'subscribe':
        if (subscriptions.size >= MAX_SUBSCRIPTIONS || subscriptions.has(about)) port.close();
        else
          subscriptions.set(
            about,
            lab.subscribe(
              message.topics,
              (event) => {
                post({ type: 'event', id: about, event });
              },
              message.after,
            ),
          );
        break;
      case 'unsubscribe':
        subscriptions.get(about)?.();
        subscriptions.delete(about);
    }
  };

  port.onClose(() => {
    // Closed labs have.
    for (const file of files) void lab.request('files.forget', { file }).catch(() => undefined);
    for (const [request, abort] of underWay) {
      abort.abort();
      parts.end(request);
    }
    underWay.clear();
    for (const undo of subscriptions.values()) undo();
    subscriptions.clear();
  });
  port.onMessage((raw) => {
    const message = v.safeParse(toLab, raw);
    if (message.success) obey(message.output);
    else port.close();
  });
}

const tooMany = (): LabError => new LabError('lab.too-many-requests', { limit: MAX_UNDER_WAY });

/** The file that an answer makes ready, to be sent or to be fetched. */
function fileIn(output: unknown): string | null {
  if (typeof output !== 'object' || output === null) return null;
  const { upload, download } = output as { upload?: unknown; download?: unknown };
  const file = upload ?? download;
  return typeof file === 'string' ? file : null;
}

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
