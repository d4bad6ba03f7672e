/**
 * The page's only access to the app: one MessagePort to the lab, requested when its scripts have
 * run. Sandboxed preload scripts must be one CommonJS file. Nothing is exposed to the page.
 */
import { ipcRenderer } from 'electron';

/** The part of the page's window in use here. */
declare const window: {
  postMessage(message: string, origin: '*', ports: unknown[]): void;
  addEventListener(type: 'DOMContentLoaded', listener: () => void, options: { once: true }): void;
};

/** Name of the request to the main process, of its reply, and of the message to the page. */
const PORT = 'ktg:port';

ipcRenderer.on(PORT, ({ ports }: { ports: unknown[] }) => {
  const [port] = ports;
  // Only this page can receive it: navigation to other pages is denied.
  if (port && ports.length === 1) window.postMessage(PORT, '*', [port]);
});
window.addEventListener(
  'DOMContentLoaded',
  () => {
    ipcRenderer.send(PORT);
  },
  { once: true },
);
