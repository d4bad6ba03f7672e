import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** A worker thread that writes the text and the elapsed seconds to the terminal. */
const ticker = `
const { workerData: words } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const began = Date.now();
const show = () => {
  const seconds = Math.round((Date.now() - began) / 1000);
  try { writeSync(2, '\\r\\x1b[2K' + words + ', ' + seconds + ' s (Ctrl-C ends it)'); } catch {}
};
setInterval(show, 500);
`;

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs work that blocks this process for long, such as compiling. Meanwhile a terminal shows the
 * elapsed seconds, and a signal ends the process at once instead of after the work. Workers of the
 * lab do not use it: the lab itself ends them.
 */
export async function whileBlocked<T>(words: string, work: () => T): Promise<T> {
  const worker = process.send !== undefined;
  const thread =
    process.stderr.isTTY && !worker ? new Worker(ticker, { eval: true, workerData: words }) : null;
  if (thread) await once(thread, 'online');
  const listeners = worker
    ? []
    : signals.map((signal) => [signal, process.listeners(signal)] as const);
  for (const [signal] of listeners) process.removeAllListeners(signal);
  try {
    return work();
  } finally {
    for (const [signal, own] of listeners) for (const listener of own) process.on(signal, listener);
    if (thread) {
      await thread.terminate();
      process.stderr.write('\r\x1b[2K');
    }
  }
}
