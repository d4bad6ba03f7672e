import { setImmediate } from 'node:timers/promises';
import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';
import { closestIssue, issueText } from '../../base/issue.ts';
import { graphKey } from '../../graph/canonical.ts';
import { evaluatedNodes, type Graph } from '../../graph/graph.ts';
import { requirePossible } from '../../graph/space-size.ts';
import {
  type EpochMetrics,
  targetAccuracy,
  unpackEdges,
  unpackNodes,
} from '../../study/metrics.ts';
import type { Study } from '../../study/study.ts';
import type { Store } from '../store.ts';
import { Reader, truncated } from './reader.ts';
import { FORMAT, MAX_LINE, VERSIONS, headSchema, recordSchema } from './records.ts';
import type { PackedEpoch, ReadHead, ReadRecord } from './records.ts';

/** Longest first line: it holds the plan. */
const MAX_HEAD = 4 << 20;

/**
 * Brings in a study file. It is seen only when it is whole: a broken file, a full disk or a crash
 * leave nothing behind. Nothing in it is a path or runs by itself; a study that was running comes
 * in paused.
 *
 * @param name instead of the file's own
 * @throws LabError `import.not-a-study`, `import.wrong-version`, `import.truncated`,
 * `import.too-long`, `import.damaged`, `import.bad-record`, `space.impossible`, and what the store
 * throws
 */
export async function importStudy(
  store: Store,
  chunks: AsyncIterable<Uint8Array>,
  name?: string,
): Promise<Study> {
  const reader = new Reader(chunks);
  const { study: head } = await readHead(reader);
  requirePossible(head.plan.space);
  const study = store.addStudy({ ...head, ...(name !== undefined && { name }) }, 'hidden');
  try {
    const importing = new Importing(store, study.id);
    await importing.all(reader);
    return store.transaction(() => {
      const { state, startedAt, endedAt } = head;
      if (state !== 'ready') store.changeStudy(study.id, { state: 'running' });
      if (state !== 'ready') store.changeStudy(study.id, { state, startedAt, endedAt });
      importing.finish();
      store.showStudy(study.id);
      return store.study(study.id);
    });
  } catch (error) {
    await store.removeStudy(study.id);
    throw error;
  }
}

/** How every study file begins: its keys are sorted. */
const BEGINNING = `{"format":"${FORMAT}"`;

const notAStudy = (): LabError => new LabError('import.not-a-study');

/** Optuna's journal begins with the creation of a study. */
const isOptunaJournal = (head: unknown): boolean =>
  typeof head === 'object' && head !== null && 'op_code' in head && 'worker_id' in head;

const optunaJournal = (): LabError => new LabError('import.optuna-journal');

async function readHead(reader: Reader): Promise<ReadHead> {
  const line = await reader.line(MAX_HEAD).catch((error: unknown) => {
    throw error instanceof LabError && error.code === 'import.too-long' ? notAStudy() : error;
  });
  const head: unknown = line && parseJson(line.text);
  const { format, version } = (head ?? {}) as { format?: unknown; version?: unknown };
  if (line?.text.startsWith(BEGINNING) && !line.ended) throw truncated();
  if (isOptunaJournal(head)) throw optunaJournal();
  if (format !== FORMAT) throw notAStudy();
  if (!VERSIONS.some((known) => known === version))
    throw new LabError('import.wrong-version', {
      version: JSON.stringify(version),
      known: VERSIONS.join(' and '),
    });
  return checked(headSchema, head, 1);
}

/** The records of one file on their way into a hidden study. */
class Importing {
  readonly #store: Store;
  readonly #study: number;
  readonly #environments: number[] = [];
  readonly #reruns: number[] = [];
  readonly #runs: number[] = [];
  #trials = 0;
  /** Small, and seen by all studies: written at the end. */
  readonly #pretrained: (ReadRecord & { pretrained: unknown })[] = [];
  readonly #jobs: (() => void)[] = [];

  constructor(store: Store, study: number) {
    this.#store = store;
    this.#study = study;
  }

  async all(reader: Reader): Promise<void> {
    for (let number = 2; ; number++) {
      const line = await reader.line(MAX_LINE);
      const parsed = line && parseJson(line.text);
      // The last line may have lost its end, and nothing else with it.
      if (!line || (parsed === undefined && !line.ended)) throw truncated();
      const record = recordOf(parsed, number);
      if ('end' in record) {
        if (record.end !== line.hashBefore()) throw new LabError('import.damaged');
        return;
      }
      try {
        await this.#one(record, reader);
      } catch (error) {
        if (error instanceof RangeError) throw bad(number, error.message);
        throw error;
      }
      await setImmediate();
    }
  }

  /** What must not be seen, or be scheduled, before the study is whole. */
  finish(): void {
    for (const job of this.#jobs) job();
    for (const { pretrained } of this.#pretrained as Extract<
      ReadRecord,
      { pretrained: unknown }
    >[]) {
      const run = at(this.#runs, pretrained.run);
      const checkpoint = this.#store.checkpointOf(run);
      if (checkpoint)
        this.#store.addPretrained({ ...pretrained, run, checkpoint: checkpoint.id, asked: false });
    }
  }

  async #one(record: ReadRecord, reader: Reader): Promise<void> {
    if ('environment' in record)
      this.#environments.push(this.#store.addEnvironment(record.environment));
    else if ('rejection' in record)
      this.#store.addRejection({ study: this.#study, ...record.rejection });
    else if ('rerun' in record) this.#rerun(record.rerun);
    else if ('run' in record) this.#runs.push(this.#run(record.run));
    else if ('decision' in record) {
      const { run, at: when, ...decision } = record.decision;
      this.#store.addDecision(at(this.#runs, run), decision, when);
    } else if ('checkpoint' in record) {
      const { run, createdAt, ...checkpoint } = record.checkpoint;
      await this.#store.saveCheckpoint(
        { ...checkpoint, run: at(this.#runs, run), chunks: reader.bytes(checkpoint.bytes) },
        createdAt,
      );
    } else if ('pretrained' in record) {
      at(this.#runs, record.pretrained.run);
      this.#pretrained.push(record);
    }
  }

  #rerun({
    state,
    startedAt,
    endedAt,
    ...rerun
  }: Extract<ReadRecord, { rerun: unknown }>['rerun']): void {
    const { id } = this.#store.addRerun({ ...rerun, study: this.#study });
    this.#reruns.push(id);
    if (state === 'ready') return;
    this.#jobs.push(() => {
      this.#store.changeRerun(id, { state: 'running' });
      this.#store.changeRerun(id, { state, startedAt, endedAt });
    });
  }

  #run(given: Extract<ReadRecord, { run: unknown }>['run']): number {
    const {
      rerun,
      duplicateOf,
      state,
      graph,
      attempts,
      epochs,
      failure,
      pinned,
      dismissed = false,
      startedAt,
      endedAt,
      ...run
    } = given;
    if (run.kind === 'trial' && run.number !== this.#trials++)
      throw new RangeError(`trial ${run.number} is at position ${this.#trials - 1} of the study`);
    return this.#store.transaction(() => {
      const { id } = this.#store.addRun({
        ...run,
        study: this.#study,
        rerun: rerun === null ? null : at(this.#reruns, rerun),
        graph,
        key: graphKey(graph),
        ...(state === 'rejected' && { state, rejection: run.rejection ?? '' }),
        ...(state === 'duplicate' && { state, duplicateOf: at(this.#runs, duplicateOf ?? -1) }),
      });
      // An attempt notes how far the run was when it began: epochs up to there come first.
      let epoch = 0;
      const upTo = (end: number): void => {
        for (; epoch < end; epoch++) {
          this.#store.addEpoch(id, ...metricsOf(graph, epoch + 1, at(epochs, epoch)));
        }
      };
      for (const {
        slot,
        fromEpoch,
        environment,
        startedAt: began,
        endedAt: ended,
        outcome,
      } of attempts) {
        upTo(fromEpoch);
        const { number } = this.#store.addAttempt(id, slot, began);
        this.#store.changeAttempt(id, number, {
          ...(environment !== null && { environment: at(this.#environments, environment) }),
          ...(ended !== null && { endedAt: ended }),
          ...(outcome !== null && { outcome }),
        });
      }
      upTo(epochs.length);
      if (state !== 'waiting' && state !== 'rejected' && state !== 'duplicate')
        this.#store.changeRun(id, { state: 'running' });
      this.#store.changeRun(id, { state, failure, pinned, dismissed, startedAt, endedAt });
      return id;
    });
  }
}

/**
 * Metrics of an epoch as they were packed, and the accuracy that counts. Throws RangeError when they are not those of such a
 * graph.
 */
function metricsOf(
  graph: Graph,
  epoch: number,
  [seconds, packedNodes, packedEdges]: PackedEpoch,
): [metrics: EpochMetrics, accuracy: number] {
  const [nodes, edges] = [unpackNodes(packedNodes), unpackEdges(packedEdges)];
  const known = evaluatedNodes(graph).length;
  if (nodes.length !== known || edges.length !== graph.edges.length)
    throw new RangeError(
      `epoch ${epoch} has ${nodes.length} nodes and ${edges.length} edges, its graph ` +
        `${known} and ${graph.edges.length}`,
    );
  const wrong = nodes.find(({ accuracy }) => accuracy < 0 || accuracy > 1);
  if (wrong) throw new RangeError(`epoch ${epoch} has an accuracy of ${wrong.accuracy}`);
  const metrics = { epoch, seconds, nodes, edges };
  return [metrics, targetAccuracy(metrics, graph)];
}

function at<T>(items: readonly T[], place: number): T {
  const item = items[place];
  if (item === undefined) throw new RangeError(`it refers to record ${place} of ${items.length}`);
  return item;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** A record by its only key: the kind of record, whose own rules are then named. */
function recordOf(value: unknown, line: number): ReadRecord {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const schema: v.GenericSchema<unknown, ReadRecord> | undefined = recordSchema.options.find(
    ({ entries }) => keys.some((key) => Object.hasOwn(entries, key)),
  );
  if (schema) return checked(schema, value, line);
  const kinds = recordSchema.options.flatMap(({ entries }) => Object.keys(entries));
  throw bad(line, `its type is none of ${kinds.join(', ')}`);
}

function checked<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  line: number,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const issue = closestIssue(result.issues[0]);
  throw bad(line, `${v.getDotPath(issue) ?? 'record'}: ${issueText(issue)}`);
}

const bad = (line: number, what: string): LabError =>
  new LabError('import.bad-record', { line, what });
