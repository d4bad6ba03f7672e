import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { LabError, messageOf } from '../base/errors.ts';
import type { DeviceKind } from '../engine/computation.ts';
import { type Computation, compilers, precisions } from '../study/computation.ts';
import { engineNames } from '../engine/engine.ts';
import { makeFolder } from '../base/folder.js';
import { withLock } from '../base/lock.js';
import type { Graph } from '../graph/graph.ts';
import { parseGraph } from '../graph/parse.ts';
import type { Environment } from '../study/environment.ts';
import type { EpochMetrics } from '../study/metrics.ts';
import type { TrainingPlan } from '../study/plan.ts';
import { recipeSchema } from '../study/recipe.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const plan = v.object({
  data: v.string(),
  protocol: v.picklist(['paper', 'held-out']),
  purpose: v.picklist(['search', 'final']),
  splitSeed: v.number(),
  epochs: count,
  recipe: recipeSchema,
});
const schema = v.object({
  format: v.literal('ktg-run'),
  version: v.literal(1),
  graph: v.unknown(),
  plan,
  seed: v.number(),
  engine: v.picklist(engineNames),
  threads: v.nullable(count),
  device: v.optional(v.picklist(['cpu', 'gpu'])),
  computation: v.optional(
    v.object({
      compiler: v.picklist(compilers),
      precision: v.picklist(precisions),
      deterministic: v.boolean(),
    }),
  ),
});

/** Everything needed to start a run again or to continue it. */
export interface RunDescription {
  readonly graph: Graph;
  readonly plan: TrainingPlan;
  readonly seed: number;
  readonly engine: (typeof engineNames)[number];
  /** CPU threads; null: all. Another number may round differently. */
  readonly threads: number | null;
  /** Absent in runs before the option existed: the processor. */
  readonly device?: DeviceKind | undefined;
  readonly computation?: Computation | undefined;
}

/** Names of the files in a run's folder. */
export const runFiles = {
  description: 'run.json',
  metrics: 'metrics.jsonl',
  checkpoint: 'checkpoint.safetensors',
  environment: 'environment.jsonl',
  lock: 'run.lock',
} as const;

/**
 * A run on disk: description, one line of metrics per epoch, the last checkpoint, one line of
 * environment per start. Every save is complete or absent: written to a new file, synced, renamed.
 */
export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Runs `work` while no other process may use the folder.
   *
   * @throws LabError `run.in-use` at once when another process does; `run.no-folder` when it cannot
   * be made
   */
  async use<T>(work: () => Promise<T>): Promise<T> {
    try {
      makeFolder(this.path, 0o777); // a person's output, as the mask says
    } catch (error) {
      throw new LabError('run.no-folder', { folder: this.path, reason: messageOf(error) });
    }
    const busy = new AbortController();
    const onWait = (pid: number): void => {
      busy.abort(new LabError('run.in-use', { folder: this.path, pid }));
    };
    return this.guarded(() => withLock(this.file('lock'), work, { onWait, signal: busy.signal }));
  }

  get exists(): boolean {
    return existsSync(this.file('description'));
  }

  describe(description: RunDescription): void {
    this.write(
      'description',
      `${JSON.stringify({ format: 'ktg-run', version: 1, ...description }, undefined, 2)}\n`,
    );
  }

  /**
   * Returns the description of the run.
   *
   * @throws LabError `run.missing`, `run.damaged`
   */
  description(): RunDescription {
    if (!this.exists) {
      throw new LabError('run.missing', { folder: this.path, description: runFiles.description });
    }
    let json: unknown;
    try {
      json = JSON.parse(readFileSync(this.file('description'), 'utf8'));
    } catch (error) {
      throw this.damaged(messageOf(error));
    }
    const result = v.safeParse(schema, json);
    if (!result.success) throw this.damaged(v.summarize(result.issues));
    return { ...result.output, graph: parseGraph(result.output.graph) };
  }

  /**
   * Returns the last checkpoint; undefined before the first.
   *
   * @throws LabError `checkpoint.*`
   */
  checkpoint(): Checkpoint | undefined {
    const path = this.file('checkpoint');
    return existsSync(path) ? decodeCheckpoint(readFileSync(path), path) : undefined;
  }

  save(checkpoint: Checkpoint): void {
    this.write('checkpoint', encodeCheckpoint(checkpoint));
  }

  /** Returns the metrics of all saved epochs, in order. */
  metrics(): EpochMetrics[] {
    const path = this.file('metrics');
    if (!existsSync(path)) return [];
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .flatMap(parseMetrics);
  }

  /** Removes epochs after the checkpoint: they are trained again. */
  keepMetrics(epochs: number): void {
    const kept = this.metrics().filter(({ epoch }) => epoch <= epochs);
    this.write('metrics', kept.map((metrics) => `${JSON.stringify(metrics)}\n`).join(''));
  }

  addMetrics(metrics: EpochMetrics): void {
    this.append('metrics', metrics);
  }

  addEnvironment(environment: Environment): void {
    this.append('environment', environment);
  }

  private file(name: keyof typeof runFiles): string {
    return join(this.path, runFiles[name]);
  }

  private append(name: keyof typeof runFiles, value: object): void {
    this.saving(() => {
      appendFileSync(this.file(name), `${JSON.stringify(value)}\n`);
    });
  }

  private write(name: keyof typeof runFiles, content: string | Uint8Array): void {
    const path = this.file(name);
    const beside = `${path}.new`;
    this.saving(() => {
      try {
        const file = openSync(beside, 'w');
        try {
          if (typeof content === 'string') writeFileSync(file, content);
          else for (let at = 0; at < content.length;) at += writeSync(file, content, at);
          fsyncSync(file);
        } finally {
          closeSync(file);
        }
        renameSync(beside, path);
      } catch (error) {
        rmSync(beside, { force: true });
        throw error;
      }
    });
  }

  private saving(work: () => void): void {
    try {
      work();
    } catch (error) {
      const full =
        (error as NodeJS.ErrnoException).code === 'ENOSPC' ||
        (error as NodeJS.ErrnoException).code === 'EDQUOT';
      const options = { cause: error };
      const folder = this.path;
      throw full
        ? new LabError('run.no-space', { folder }, options)
        : new LabError('run.not-saved/during', { folder, reason: messageOf(error) }, options);
    }
  }

  /** Reports errors of the lock (read-only folder) as clearly as errors of a save. */
  private async guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException;
      if (error instanceof LabError || code === undefined || syscall === undefined) throw error;
      throw new LabError(
        'run.not-saved',
        { folder: this.path, reason: messageOf(error) },
        { cause: error },
      );
    }
  }

  private damaged(why: string): LabError {
    return new LabError('run.damaged', { file: this.file('description'), why });
  }
}

/**
 * Parses one line. A crash may truncate the last line; its epoch is then trained again. NaN is null
 * in JSON.
 */
function parseMetrics(line: string): EpochMetrics[] {
  try {
    return [JSON.parse(line) as EpochMetrics];
  } catch {
    return [];
  }
}
