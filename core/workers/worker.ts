import { parseToWorker } from './check-messages.ts';
import { fromWire, toWire } from './wire.ts';
import { WorkerContext } from './worker-context.ts';

/**
 * The program of a worker's process: one engine on one device that takes jobs over its channel to
 * the lab. It ends with the lab.
 */
const worker = new WorkerContext((message) => {
  if (process.connected) process.send!(toWire(message), undefined, undefined, () => undefined);
});
process.on('message', (message) => {
  worker.receive(parseToWorker(fromWire(message)));
});
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches all processes of a terminal: the lab ends its workers in order.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
