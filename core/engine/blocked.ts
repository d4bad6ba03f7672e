import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Writes the words and the seconds since to the terminal, from a thread of its own. */
const ticker = `
const { workerData: words } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const began = Date.now();
const show = () => { try { writeSync(2, '\\r\\x1b[2K' + words + ', ' + Math.round((Date.now() - began) / 1000) + ' s (Ctrl-C ends it)'); } catch {} };
setInterval(show, 500);
`;

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Does work that blocks this process for long, such as compiling: meanwhile a terminal sees the
 * seconds go by, and a signal ends the process at once, where otherwise it would wait for the end
 * of the work. The lab's workers keep their own way with signals: the lab ends them.
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
