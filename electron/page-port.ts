import { ipcMain, MessageChannelMain, type MessagePortMain, type WebFrameMain } from 'electron';
import type { LabApi } from '../core/lab/api.ts';
import { messagePort } from '../core/connection/port.ts';
import { serveLab } from '../core/connection/serve-lab.ts';
import { forPages } from '../core/connection/page-access.ts';
import { isOurs } from './protocol.ts';

/** Name of the preload script's only message, and of the reply with the port. */
const PORT = 'ktg:port';
/**
 * Milliseconds before a page with a closed port gets another: an invalid message closes the port.
 */
const PAUSE = 1000;

/**
 * Gives each page of ours one port to the lab on request. The lab checks every message on it.
 *
 * @param isWindow returns whether an id belongs to a window of ours
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

/** True for the outermost frame of a live page of ours. */
const mayTalk = (frame: WebFrameMain): boolean =>
  !frame.isDestroyed() && frame.parent === null && isOurs(frame.url);
