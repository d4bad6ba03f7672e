import { ipcMain, MessageChannelMain, type MessagePortMain, type WebFrameMain } from 'electron';
import type { LabApi } from '../core/lab/api.ts';
import { messagePort, serveLab } from '../core/connection/channel.ts';
import { forPages } from '../core/connection/page-access.ts';
import { isOurs } from './protocol.ts';

/** Name of the preload script's only message, and of the answer that carries the port. */
export const PORT = 'ktg:port';
/**
 * Milliseconds before a page whose port has closed gets another: what is not in the lab's language
 * closes it.
 */
const PAUSE = 1000;

/**
 * Gives each page of ours that asks one port to the lab. What comes over it is checked by the lab
 * as everything from outside is.
 *
 * @param isWindow whether an id is that of a window of ours
 */
export function offerLab(
  lab: LabApi,
  isWindow: (contents: number) => boolean,
  onBug: (error: unknown) => void,
): void {
  const ports = new Map<number, MessagePortMain>();
  const shown = forPages(lab);

  const give = (contents: number, frame: WebFrameMain): void => {
    const { port1, port2 } = new MessageChannelMain();
    const before = ports.get(contents);
    ports.set(contents, port1);
    before?.close();
    port1.on('close', () => {
      if (ports.get(contents) !== port1) return;
      ports.delete(contents);
      setTimeout(() => {
        if (!ports.has(contents) && mayTalk(frame)) give(contents, frame);
      }, PAUSE).unref();
    });
    serveLab(shown, messagePort(port1), onBug);
    frame.postMessage(PORT, null, [port2]);
  };

  ipcMain.on(PORT, ({ sender, senderFrame }, ...more) => {
    if (more.length === 0 && isWindow(sender.id) && senderFrame && mayTalk(senderFrame))
      give(sender.id, senderFrame);
  });
}

/** The outermost frame of a page of ours that is still there. */
const mayTalk = (frame: WebFrameMain): boolean =>
  !frame.isDestroyed() && frame.parent === null && isOurs(frame.url);
