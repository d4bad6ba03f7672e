import { parentPort, workerData } from 'node:worker_threads';
import { checkLabFile } from './check.ts';

/** A thread of its own: looking through a whole file would hold the lab up. */
parentPort!.postMessage(checkLabFile(workerData as string));
