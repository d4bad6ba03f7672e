import { createHash } from 'node:crypto';
import { LabError } from '../base/errors.ts';
import { rankTrials } from '../study/best.ts';
import type { Checkpoint } from '../study/checkpoint.ts';
import type { RungDecision } from '../study/decision.ts';
import type { Environment } from '../study/environment.ts';
import type { EdgeMetrics, EpochMetrics } from '../study/metrics.ts';
import { targetAccuracy } from '../study/metrics.ts';
import { checkJobMove, checkRunMove } from '../study/moves.ts';
import type { Pretrained } from '../study/pretrained.ts';
import type { Rerun } from '../study/rerun.ts';
import { newRun } from '../study/run.ts';
import type { Attempt, Run, RunState } from '../study/run.ts';
import { noTrials } from '../study/study.ts';
import type { Rejection, Study, TrialCounts } from '../study/study.ts';
import { logText } from './log-text.ts';
import {
  damaged,
  decided,
  duplicateRejection,
  duplicateRun,
  outOfOrder,
  type Numbered,
  unknown,
} from './refusals.ts';
import type { Curve, LogEntry, Pace, RunFilter, SavedGraph, Store } from './store.ts';

/** States of a trial whose result counts for equal ones, now or later. */
const COUNTING: readonly RunState[] = ['waiting', 'running', 'completed', 'stopped'];

/** A checkpoint with its bytes. */
interface StoredCheckpoint extends Checkpoint {
  data: Uint8Array[];
}

interface StoredDecision extends RungDecision {
  id: number;
  study: number;
  run: number;
  at: number;
}

/** A store that ends with its process: for tests and for looking around without leaving a file. */
export function openMemoryStore(): Store {
  const undo = new UndoLog();
  const studies = new Table<Study & { visible: boolean }>('study', undo);
  const runs = new Table<Run>('run', undo);
  const reruns = new Table<Rerun>('rerun', undo);
  const pretrained = new Table<Pretrained>('pretrained', undo);
  const checkpoints = new Table<StoredCheckpoint>('checkpoint', undo);
  const graphs = new Table<SavedGraph>('graph', undo);
  const decisions = new Table<StoredDecision>('decision', undo);
  const environments = new Table<{ id: number; environment: Environment }>('environment', undo);
  const rejections = new Table<Rejection & { id: number }>('rejection', undo);
  const attempts = new Table<Attempt & { id: number }>('attempt', undo);
  const epochs = new Table<{ id: number; run: number; metrics: EpochMetrics }>('epoch', undo);
  const log = new Table<LogEntry>('log', undo);
  const settings = new Table<{ id: number; name: string; text: string }>('setting', undo);

  const ofRun = (filter: RunFilter): Run[] =>
    runs
      .where(
        (run) =>
          (filter.study === undefined || run.study === filter.study) &&
          (filter.rerun === undefined || run.rerun === filter.rerun) &&
          (filter.kind === undefined || run.kind === filter.kind) &&
          (filter.variant === undefined || run.variant === filter.variant) &&
          (filter.states?.includes(run.state) ?? true),
      )
      .sort((a, b) => (a.study ?? 0) - (b.study ?? 0) || a.number - b.number || a.id - b.id);
  const accuraciesOf = (run: number): number[][] =>
    epochs
      .where((each) => each.run === run)
      .map(({ metrics }) => metrics.nodes.map((node) => node.accuracy));
  const trials = (study: number): Run[] => ofRun({ study, kind: 'trial' });
  const removeRun = (run: Run): void => {
    for (const each of pretrained.where((one) => one.run === run.id))
      pretrained.change(each.id, { run: null });
    const kept = new Set(pretrained.all().map((each) => each.checkpoint));
    for (const { id } of checkpoints.where((one) => one.run === run.id)) {
      if (kept.has(id)) checkpoints.change(id, { run: null });
      else checkpoints.remove(id);
    }
    for (const table of [epochs, decisions, attempts]) {
      for (const { id } of table.where((one: { run: number }) => one.run === run.id))
        table.remove(id);
    }
    runs.remove(run.id);
  };
  const shownStudy = ({ visible: _visible, ...study }: Study & { visible: boolean }): Study =>
    study;
  const shownCheckpoint = ({ data: _data, ...checkpoint }: StoredCheckpoint): Checkpoint =>
    checkpoint;

  return {
    place: { file: null, heldBy: null, readOnly: false, schema: 0 },
    trouble: () => null,
    onTrouble: () => undefined,
    transaction: (work) => undo.transaction(work),
    sizes() {
      const bytes = checkpoints.all().reduce((sum, checkpoint) => sum + checkpoint.bytes, 0);
      return { total: bytes, checkpoints: bytes, free: 0 };
    },
    check: () => Promise.resolve([]),
    backup: () => Promise.reject(new LabError('store.no-file')),
    compact: () => Promise.resolve(),
    close: () => undefined,

    addStudy: (study, hidden) =>
      shownStudy(
        studies.add({
          ...study,
          state: 'ready',
          problem: null,
          startedAt: null,
          endedAt: null,
          visible: hidden === undefined,
        }),
      ),
    showStudy: (id) => void studies.change(id, { visible: true }),
    study: (id) => shownStudy(studies.get(id)),
    studies: () => studies.where((study) => study.visible).map(shownStudy),
    changeStudy: (id, { trials: count, ...change }) => {
      const { state, plan } = studies.get(id);
      if (change.state !== undefined && change.state !== state)
        checkJobMove(state, change.state, `Study ${id}`);
      return shownStudy(
        studies.change(id, {
          ...change,
          ...(count !== undefined && { plan: { ...plan, trials: count } }),
        }),
      );
    },
    removeStudy: async (id) => {
      // A study that was never shown takes everything along that came with it.
      const whole = !studies.get(id).visible;
      for (const run of whole ? ofRun({ study: id }) : trials(id)) removeRun(run);
      for (const each of rejections.where((one) => one.study === id)) rejections.remove(each.id);
      for (const run of ofRun({ study: id })) runs.change(run.id, { study: null });
      for (const each of reruns.where((one) => one.study === id)) {
        if (whole) reruns.remove(each.id);
        else reruns.change(each.id, { study: null });
      }
      studies.remove(id);
      return Promise.resolve();
    },
    addRejection(rejection) {
      const { study, trial, draw } = rejection;
      if (
        rejections.where((one) => one.study === study && one.trial === trial && one.draw === draw)
          .length > 0
      )
        throw duplicateRejection(trial, draw);
      rejections.add(rejection);
    },
    rejections: (study) =>
      rejections
        .where((each) => each.study === study)
        .map(({ id: _id, ...rejection }) => rejection)
        .sort((a, b) => a.trial - b.trial || a.draw - b.draw),
    trialCounts(study) {
      const counts: TrialCounts = { ...noTrials };
      for (const { state } of trials(study))
        counts[state === 'out-of-memory' ? 'outOfMemory' : state]++;
      return counts;
    },

    addRun(run) {
      const { kind, study, rerun, variant, number } = run;
      const existing = ofRun({ kind }).find(
        (other) =>
          other.study === study &&
          other.rerun === rerun &&
          other.variant === variant &&
          other.number === number,
      );
      if (existing && kind !== 'pretrain') throw duplicateRun(kind, number);
      return runs.add({ ...newRun, ...run });
    },
    run: (id) => runs.get(id),
    runs: (filter = {}) => ofRun(filter),
    runIds: (filter = {}) => ofRun(filter).map(({ id }) => id),
    trialsSoFar: (study) => (trials(study).at(-1)?.number ?? -1) + 1,
    trialWithKey: (study, key) =>
      trials(study).find((run) => run.key === key && COUNTING.includes(run.state)),
    bestTrial: (study) => rankTrials(trials(study))[0],
    changeRun(id, change) {
      const { state } = runs.get(id);
      if (change.state !== undefined && change.state !== state)
        checkRunMove(state, change.state, `Run ${id}`);
      runs.change(id, change);
    },
    addAttempt(run, slot, at) {
      const { epoch, attempts: before } = runs.get(run);
      const { id: _id, ...attempt } = attempts.add({
        run,
        number: before + 1,
        slot,
        fromEpoch: epoch,
        environment: null,
        startedAt: at,
        endedAt: null,
        outcome: null,
      });
      runs.change(run, { attempts: before + 1 });
      return attempt;
    },
    changeAttempt(run, number, change) {
      const [attempt] = attempts.where((each) => each.run === run && each.number === number);
      if (!attempt) throw unknown('attempt', number);
      attempts.change(attempt.id, change);
    },
    attempts: (of) =>
      attempts
        .where((each) =>
          'run' in of
            ? each.run === of.run
            : runs.get(each.run).study === of.study && runs.get(each.run).kind === 'trial',
        )
        .map(({ id: _id, ...attempt }) => attempt)
        .sort(
          (a, b) =>
            ('run' in of ? 0 : a.startedAt - b.startedAt) || a.run - b.run || a.number - b.number,
        ),
    addEnvironment(environment) {
      const text = JSON.stringify(environment);
      const known = environments.all().find((each) => JSON.stringify(each.environment) === text);
      return (known ?? environments.add({ environment })).id;
    },
    environment: (id) => environments.get(id).environment,

    rungValues: (study, rung) =>
      decisions
        .where((each) => each.study === study && each.rung === rung && each.value !== null)
        .map((each) => each.value!),
    addDecision(run, decision, at) {
      const { study, kind } = runs.get(run);
      const known = decisions.where((each) => each.run === run && each.rung === decision.rung);
      if (known.length > 0 || kind !== 'trial' || study === null) throw decided(run, decision.rung);
      decisions.add({ ...decision, run, study, at });
    },
    decisions: (of) =>
      decisions
        .where((each) => ('run' in of ? each.run === of.run : each.study === of.study))
        .map(({ id: _id, study: _study, ...decision }) => decision)
        .sort((a, b) => ('run' in of ? a.rung - b.rung : 0)),
    addEpoch(run, metrics) {
      const { epoch, seconds } = runs.get(run);
      if (metrics.epoch !== epoch + 1) throw outOfOrder(run, metrics.epoch);
      const accuracy = targetAccuracy(metrics);
      epochs.add({ run, metrics: { ...metrics, edges: metrics.edges.map(singlePrecision) } });
      runs.change(run, {
        epoch: metrics.epoch,
        accuracy: Number.isNaN(accuracy) ? null : accuracy,
        seconds: seconds + metrics.seconds,
      });
    },
    epochs: (run, after = 0) =>
      epochs
        .where((each) => each.run === run && each.metrics.epoch > after)
        .map((each) => each.metrics),
    lastAccuracies: (run) => accuraciesOf(run).at(-1) ?? [],
    curve: (run) => byNode(accuraciesOf(run)),
    pace(of) {
      const its = ofRun('study' in of ? { study: of.study, kind: 'trial' } : { rerun: of.rerun });
      const ids = new Set(its.map((run) => run.id));
      const survival = new Map<number, Pace['survival'][number]>();
      for (const { rung, go } of decisions.where((each) => ids.has(each.run))) {
        const { decided: before, wentOn } = survival.get(rung) ?? { decided: 0, wentOn: 0 };
        survival.set(rung, { rung, decided: before + 1, wentOn: wentOn + Number(go) });
      }
      return {
        epochs: its.reduce((sum, run) => sum + run.epoch, 0),
        seconds: its.reduce((sum, run) => sum + run.seconds, 0),
        drawn: its.length,
        trainable: its.filter(({ state }) => state !== 'duplicate' && state !== 'rejected').length,
        survival: [...survival.values()].sort((a, b) => a.rung - b.rung),
      };
    },
    curves(of) {
      const filter: RunFilter =
        'study' in of ? { study: of.study, kind: 'trial' } : { rerun: of.rerun };
      return ofRun(filter)
        .sort((a, b) => a.id - b.id)
        .map((run): Curve => ({ run: run.id, accuracy: byNode(accuraciesOf(run.id)) }))
        .filter((curve) => curve.accuracy.length > 0);
    },

    async saveCheckpoint({ run, epoch, purpose, bytes, sha256, chunks }, at) {
      const hash = createHash('sha256');
      const data: Uint8Array[] = [];
      let saved = 0;
      for await (const chunk of chunks) {
        saved += chunk.length;
        if (saved > bytes) throw damaged(0, `more than the announced ${bytes} bytes came`);
        hash.update(chunk);
        data.push(Uint8Array.from(chunk));
      }
      if (saved !== bytes) throw damaged(0, `${saved} of the announced ${bytes} bytes came`);
      if (hash.digest('hex') !== sha256) throw damaged(0, 'its SHA-256 is not the announced one');
      return undo.transaction(() => {
        const added = checkpoints.add({ run, epoch, purpose, bytes, sha256, createdAt: at, data });
        const earlier = checkpoints.where(
          (each) => run !== null && each.run === run && each.id !== added.id,
        );
        for (const { id } of earlier) {
          for (const each of pretrained.where((one) => one.checkpoint === id))
            pretrained.change(each.id, { checkpoint: added.id });
          checkpoints.remove(id);
        }
        return shownCheckpoint(added);
      });
    },
    checkpoint: (id) => shownCheckpoint(checkpoints.get(id)),
    checkpointOf(run) {
      const latest = checkpoints.where((each) => each.run === run).at(-1);
      return latest && shownCheckpoint(latest);
    },
    checkpoints: () => checkpoints.all().map(shownCheckpoint),
    async *readCheckpoint(id) {
      yield* checkpoints.get(id).data;
      return Promise.resolve();
    },
    dropCheckpoint(id) {
      checkpoints.get(id);
      for (const each of pretrained.where((one) => one.checkpoint === id))
        pretrained.change(each.id, { checkpoint: null });
      checkpoints.remove(id);
    },

    addRerun: (rerun) =>
      reruns.add({ ...rerun, state: 'ready', problem: null, startedAt: null, endedAt: null }),
    rerun: (id) => reruns.get(id),
    reruns: () => reruns.where(({ study }) => study === null || studies.get(study).visible),
    changeRerun(id, change) {
      const { state } = reruns.get(id);
      if (change.state !== undefined && change.state !== state)
        checkJobMove(state, change.state, `Re-run ${id}`);
      return reruns.change(id, change);
    },
    removeRerun: async (id) => {
      reruns.get(id);
      for (const run of ofRun({ rerun: id })) removeRun(run);
      reruns.remove(id);
      return Promise.resolve();
    },

    addPretrained: (one) => pretrained.add(one),
    pretrained: (id) => pretrained.get(id),
    allPretrained: () => pretrained.all(),
    changePretrained: (id, change) => pretrained.change(id, change),
    removePretrained: (id) => {
      const { checkpoint } = pretrained.get(id);
      pretrained.remove(id);
      if (checkpoint !== null && !pretrained.all().some((each) => each.checkpoint === checkpoint))
        checkpoints.remove(checkpoint);
    },

    saveGraph: (graph) => graphs.add(graph),
    savedGraphs: () =>
      graphs.all().sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id - b.id)),
    removeGraph: (id) => {
      graphs.remove(id);
    },
    addLog: (entry) => log.add({ ...entry, text: logText(entry.text) }),
    logs: ({ before = Infinity, study, run, limit = 200 } = {}) =>
      log
        .where(
          (entry) =>
            entry.id < before &&
            (study === undefined || entry.study === study) &&
            (run === undefined || entry.run === run),
        )
        .reverse()
        .slice(0, limit),
    setting(name) {
      const known = settings.all().find((each) => each.name === name);
      return known && (JSON.parse(known.text) as unknown);
    },
    setSetting(name, value) {
      const known = settings.all().find((each) => each.name === name);
      if (known) settings.remove(known.id);
      settings.add({ name, text: JSON.stringify(value) });
    },
  };
}

/** accuracy[node - 1][i] of accuracies by epoch. */
const byNode = (accuracies: readonly number[][]): number[][] =>
  (accuracies[0] ?? []).map((_, node) => accuracies.map((epoch) => epoch[node]!));

/** Remembers how to undo what an unfinished transaction did. */
class UndoLog {
  #steps: (() => void)[] | null = null;

  add(step: () => void): void {
    this.#steps?.push(step);
  }

  transaction<T>(work: () => T): T {
    if (this.#steps) return work();
    const steps: (() => void)[] = [];
    this.#steps = steps;
    try {
      return work();
    } catch (error) {
      for (const step of steps.reverse()) step();
      throw error;
    } finally {
      this.#steps = null;
    }
  }
}

/** Records by id, in order of their ids. A record is replaced, never changed in place. */
class Table<Row extends { id: number }> {
  readonly #what: Numbered;
  readonly #undo: UndoLog;
  readonly #rows = new Map<number, Row>();
  #next = 1;

  constructor(what: Numbered, undo: UndoLog) {
    this.#what = what;
    this.#undo = undo;
  }

  get(id: number): Row {
    const row = this.#rows.get(id);
    if (!row) throw unknown(this.#what, id);
    return row;
  }

  all(): Row[] {
    return [...this.#rows.values()].sort((a, b) => a.id - b.id);
  }

  where(test: (row: Row) => boolean): Row[] {
    return this.all().filter(test);
  }

  add(row: Omit<Row, 'id'>): Row {
    const id = this.#next++;
    const added = { ...row, id } as Row;
    this.#rows.set(id, added);
    this.#undo.add(() => this.#rows.delete(id));
    return added;
  }

  change(id: number, change: Partial<Row>): Row {
    const before = this.get(id);
    const given = Object.fromEntries(
      Object.entries(change).filter(([, value]) => value !== undefined),
    );
    const after = { ...before, ...given };
    this.#rows.set(id, after);
    this.#undo.add(() => this.#rows.set(id, before));
    return after;
  }

  remove(id: number): void {
    const before = this.get(id);
    this.#rows.delete(id);
    this.#undo.add(() => this.#rows.set(id, before));
  }
}

/** As a file keeps it. */
const singlePrecision = (edge: EdgeMetrics | null): EdgeMetrics | null =>
  edge && {
    rawLoss: Math.fround(edge.rawLoss),
    gatedLoss: Math.fround(edge.gatedLoss),
    weight: Math.fround(edge.weight),
    bothRight: Math.fround(edge.bothRight),
    onlySourceRight: Math.fround(edge.onlySourceRight),
    onlyDestinationRight: Math.fround(edge.onlyDestinationRight),
    bothWrong: Math.fround(edge.bothWrong),
  };
