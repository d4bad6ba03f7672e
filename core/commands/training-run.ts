import { readFileSync } from 'node:fs';
import { LabError } from '../base/errors.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Engine, NodeState } from '../engine/engine.ts';
import { isFrozen, nodeNumbers, nodeOf } from '../graph/graph.ts';
import { architecture } from '../models/architecture.ts';
import type { EpochMetrics } from '../study/metrics.ts';
import { environmentOf } from '../train/environment.ts';
import { decodeCheckpoint, teacherState } from '../train/checkpoint.ts';
import type { RunDescription, RunFolder } from '../train/run-folder.ts';
import { Steps } from '../train/steps.ts';
import { Training } from '../train/training.ts';

/** Output of a run in progress: a table for people or JSON lines for programs. */
export interface Reporter {
  started(about: { training: Training; resumedAt: number; steps: number }): void;
  step(epoch: number, step: number, imagesPerSecond: number): void;
  epoch(metrics: EpochMetrics, imagesPerSecond: number, secondsLeft: number): void;
}

/**
 * Trains a run in its folder to the end and saves after every epoch. Returns false when SIGINT or
 * SIGTERM ended it early: then the current step was finished and everything saved. A second signal
 * ends the process at once.
 */
export async function trainInFolder(
  folder: RunFolder,
  description: RunDescription,
  dataset: Dataset,
  engine: Engine,
  reporter: Reporter,
): Promise<boolean> {
  const { graph, plan, seed } = description;
  const steps = new Steps(engine);
  const teachers = readTeachers(description, dataset);
  const training = await Training.prepare({
    graph,
    plan,
    seed,
    dataset,
    steps,
    teachers,
    nodes: 'all',
  });
  const stop = interruption();
  try {
    const saved = folder.checkpoint();
    if (saved) training.restore(saved);
    folder.keepMetrics(training.epoch);
    folder.addEnvironment(environmentOf(engine.info, dataset));
    reporter.started({ training, resumedAt: training.epoch, steps: training.stepsPerEpoch });
    while (!training.finished) {
      const pace = new Pace(plan.recipe.batch);
      const epoch = training.epoch + 1;
      const onStep = (step: number): void => {
        reporter.step(epoch, step, pace.step());
      };
      const metrics = await training.nextEpoch({ signal: stop.signal, onStep });
      if (!metrics) {
        folder.save(training.checkpoint());
        return false;
      }
      folder.addMetrics(metrics);
      folder.save(training.checkpoint());
      reporter.epoch(metrics, pace.rate, (plan.epochs - training.epoch) * metrics.seconds);
    }
    return true;
  } finally {
    stop.end();
    training.release();
    steps.dispose();
  }
}

/**
 * Images per second since the epoch's first step, which is excluded: it may include compilation.
 */
class Pace {
  private readonly batch: number;
  private first: number | undefined;
  private steps = 0;
  rate = 0;

  constructor(batch: number) {
    this.batch = batch;
  }

  step(): number {
    const now = performance.now();
    if (this.first === undefined) this.first = now;
    else this.rate = (++this.steps * this.batch * 1000) / (now - this.first);
    return this.rate;
  }
}

function readTeachers({ graph }: RunDescription, dataset: Dataset): Map<number, NodeState> {
  const teachers = new Map<number, NodeState>();
  for (const node of nodeNumbers(graph).filter((each) => isFrozen(graph, each))) {
    const { model, checkpoint: path } = nodeOf(graph, node);
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(path!);
    } catch (error) {
      throw new LabError('train.no-teacher/unreadable', { node, path, model }, { cause: error });
    }
    teachers.set(
      node,
      teacherState(
        decodeCheckpoint(bytes, path!),
        architecture(model, dataset),
        dataset.classes,
        path!,
      ),
    );
  }
  return teachers;
}

/** Returns a signal that the first SIGINT or SIGTERM aborts; the second one ends the process. */
export function interruption(): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  const end = (): void => {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  };
  return { signal: controller.signal, end };
}
