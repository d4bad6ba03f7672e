import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { LabError, problemOf } from '../base/errors.ts';
import { GENERATOR } from '../base/random.ts';
import type { Dataset } from '../data/dataset.ts';
import { openDataset } from '../data/resolve.ts';
import { splitFor } from '../data/split.ts';
import { EVALUATION_BATCH, type NodeState } from '../engine/engine.ts';
import { openEngine } from '../engine/open.ts';
import { architecture, usualImages } from '../models/architecture.ts';
import { encodeCheckpoint } from '../train/checkpoint.ts';
import { beatsChance } from '../train/torch/acceptance.ts';
import { readTorchNetwork } from '../train/torch/read-network.ts';
import type { TeacherJob, TeacherMessage, TeacherProgress } from './teacher-messages.ts';

/** Images between two reports of progress. */
const PORTION = 5 * EVALUATION_BATCH;

/**
 * Reads a network of PyTorch, measures it and writes it as a checkpoint. A process of its own: a
 * file of a stranger cannot fill the lab's memory or hold it up.
 */
const job = JSON.parse(process.argv[2]!) as TeacherJob;
const post = (message: TeacherMessage): void => void process.send!(message);
process.once('disconnect', () => process.exit(1)); // nobody waits any more
try {
  post(await importTeacher());
} catch (error) {
  post({ type: 'problem', problem: problemOf(error, 'workers.unexpected') });
}
process.removeAllListeners('disconnect');
process.disconnect();

async function importTeacher(): Promise<TeacherMessage> {
  const { model: name, training, dataFolder, source } = job;
  report('data', 0, 0);
  const dataset = await openDataset(training.data, {
    download: false,
    ...(dataFolder !== null && { folder: dataFolder }),
  });
  report('read', 0, 0);
  const model = architecture(name, dataset);
  const state = await readTorchNetwork(job.path, model, dataset.classes, job);
  const { right, images, evaluationName } = await measure(state, dataset);
  const accuracy = right / images;
  if (!job.acceptAny && !beatsChance(right, images, dataset.classes))
    throw new LabError('teacher.no-better-than-chance', {
      source,
      accuracy,
      images,
      evaluationName,
      classes: dataset.classes,
    });
  const bytes = encoded(state, dataset);
  writeFileSync(job.out, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { type: 'done', accuracy, images, evaluationName, bytes: bytes.length, sha256 };
}

async function measure(
  state: NodeState,
  dataset: Dataset,
): Promise<{ right: number; images: number; evaluationName: 'test' | 'validation' }> {
  const { protocol, purpose, splitSeed, recipe } = job.training;
  const { evaluation, evaluationName } = splitFor(dataset, protocol, splitSeed, purpose);
  const engine = await openEngine({ engine: job.engine, device: 'cpu' });
  const architectures = [architecture(job.model, dataset)];
  const { batch } = recipe;
  const step = await engine.compile({
    architectures,
    classes: dataset.classes,
    batch,
    frozen: [0],
  });
  step.load(dataset);
  step.write(0, state);
  let right = 0;
  for (let at = 0; at < evaluation.length; at += PORTION) {
    report('measure', at, evaluation.length);
    right += step.evaluate(evaluation.subarray(at, at + PORTION), [0]).right[0]!;
  }
  step.dispose();
  return { right, images: evaluation.length, evaluationName };
}

function encoded(state: NodeState, dataset: Dataset): Uint8Array {
  const { classes, side, identity } = dataset;
  return encodeCheckpoint({
    info: {
      format: 'ktg-checkpoint',
      version: 1,
      nodes: { '1': architecture(job.model, dataset).name },
      classes,
      ...(side !== usualImages.side && { side }),
      data: identity,
      seed: 0,
      generator: GENERATOR,
      epoch: job.training.epochs,
      step: 0,
      seconds: 0,
      sums: null,
      run: `imported from ${job.source}`,
    },
    states: new Map([[1, state]]),
  });
}

function report(step: TeacherProgress['step'], done: number, total: number): void {
  post({ type: 'progress', step, done, total });
}
