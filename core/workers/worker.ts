import { parseToWorker } from './check-messages.ts';
import { fromWire, toWire } from './wire.ts';
import { WorkerContext } from './worker-context.ts';

/**
 * The program of a worker's process: one TensorFlow, one device, told what to do over its channel
 * to the lab. When the lab is gone, it goes too.
 */
const bench = new WorkerContext((message) => {
  if (process.connected) process.send!(toWire(message), undefined, undefined, () => undefined);
});
process.on('message', (message) => {
  bench.receive(parseToWorker(fromWire(message)));
});
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches all processes of a terminal: the lab decides what becomes of its workers.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
