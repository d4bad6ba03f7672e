import { parentPort, workerData } from 'node:worker_threads';
import { effectsReport } from '../analysis/report.ts';
import type { ReportInput } from '../analysis/report.ts';

// Analyses run in a thread of their own: the lab's loop has messages to answer.
parentPort!.postMessage(effectsReport(workerData as ReportInput));
