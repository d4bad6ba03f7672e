/**
 * All that the page gets from the app: one MessagePort to the lab, asked for when its scripts have
 * run. Built as one CommonJS file, as sandboxed preload scripts must be. Nothing is exposed to the
 * page.
 */
import { ipcRenderer } from 'electron';

/** The page's own window, as far as it is used here. */
declare const window: {
  postMessage(message: string, origin: '*', ports: unknown[]): void;
  addEventListener(type: 'DOMContentLoaded', listener: () => void, options: { once: true }): void;
};

/** Name of the question to the main process, of its answer, and of the message to the page. */
const PORT = 'ktg:port';

ipcRenderer.on(PORT, ({ ports }: { ports: unknown[] }) => {
  const [port] = ports;
  // To the window itself, which no other page can become: navigation is denied.
  if (port && ports.length === 1) window.postMessage(PORT, '*', [port]);
});
window.addEventListener(
  'DOMContentLoaded',
  () => {
    ipcRenderer.send(PORT);
  },
  { once: true },
);
