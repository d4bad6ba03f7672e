import { Worker } from 'node:worker_threads';
import { LabError } from '../base/errors.ts';
import type { LabProblem } from '../base/problem.ts';

/** Formats of other programs: Python source, its weights, or both in one file of ONNX. */
export const exportFormats = ['pytorch-module', 'pytorch-weights', 'onnx'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** End of the file's name, and its type. */
export const exportFiles: Readonly<Record<ExportFormat, { end: string; type: string }>> = {
  'pytorch-module': { end: '.py', type: 'text/x-python' },
  'pytorch-weights': { end: '-pytorch.safetensors', type: 'application/octet-stream' },
  onnx: { end: '.onnx', type: 'application/octet-stream' },
};

export interface ExportJob {
  /** A file of one network, made by `weightsOfNode`. */
  readonly weights: string;
  readonly out: string;
  readonly format: ExportFormat;
  /** In the order of the outputs; null where they are not known. */
  readonly classNames: readonly string[] | null;
}

export type ExportAnswer = { readonly done: true } | { readonly problem: LabProblem };

/**
 * Writes a network in the format of another program, in a thread of its own.
 *
 * @throws LabError those of reading the weights
 */
export async function exportNetwork(job: ExportJob): Promise<void> {
  const thread = new Worker(new URL('./export-thread.ts', import.meta.url), { workerData: job });
  try {
    const answer = await new Promise<ExportAnswer>((done, failed) => {
      thread.once('message', done).once('error', failed);
    });
    if ('problem' in answer) throw new LabError(answer.problem);
  } finally {
    await thread.terminate();
  }
}
