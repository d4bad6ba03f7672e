import * as v from 'valibot';
import { LabError, messageOf, problem, problemOf } from '../base/errors.ts';
import { inBackground } from '../base/in-background.ts';
import type { LabApi, RequestName } from '../lab/api.ts';
import { type FromLab, type ToLab, toLab } from './messages.ts';
import { type Part, PartSender, requireSendable } from './parts.ts';
import type { Port } from './port.ts';

/** Requests of one connection that may be under way at once. */
const MAX_UNDER_WAY = 256;
const MAX_SUBSCRIPTIONS = 64;
/**
 * Bytes that a slow reader may lag behind before its connection is closed; it comes back and asks
 * for what it missed.
 */
const MAX_WAITING = 32 << 20;

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
        else inBackground(answer(message));
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
    for (const file of files) lab.request('files.forget', { file }).catch(() => undefined);
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
