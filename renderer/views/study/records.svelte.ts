/**
 * The records of a study, kept up to date by events. They outlive the page that shows them, so that
 * a study opens at once when a person comes back to it.
 */
import { untrack } from 'svelte';
import type {
  Attempt,
  Environment,
  LabEvent,
  WireDecision,
  StudyView,
  TrialRow,
  WireCurve,
} from '../../../core/lab/api.ts';
import { barsOf } from '../../charts/curves.ts';
import { dimensionsOf, rungDimensions } from '../../charts/dimensions.ts';
import { columnEpochs } from '../../charts/tournament-columns.ts';
import { follow } from '../../client/follow.svelte.ts';
import type { Lab } from '../../client/lab.svelte.ts';
import { appended } from './appended.ts';
import { EffectsState } from './effects.svelte.ts';

/** Milliseconds in which the page of a known study is painted without a rival for the processor. */
const PAINTED = 100;

type Decision = WireDecision & { run: number; at: number };

export class StudyRecords {
  /** Set by the constructor, before any derived value is read. */
  readonly #lab!: Lab;
  readonly id: number;
  readonly effects: EffectsState;
  opened = $state.raw<StudyView | null>(null);
  byRun = $state.raw<ReadonlyMap<number, TrialRow>>(new Map());
  curves = $state.raw<ReadonlyMap<number, WireCurve>>(new Map());
  decisions = $state.raw<readonly Decision[]>([]);
  attempts = $state.raw<readonly Attempt[]>([]);
  environments = $state.raw<readonly (Environment & { id: number })[]>([]);
  #following: Promise<() => void> | null = null;

  readonly rows = $derived([...this.byRun.values()].sort((a, b) => a.number - b.number));
  readonly rungs = $derived(this.opened?.rungs ?? []);
  /** Epochs of the tournament's columns. */
  readonly columns = $derived(
    columnEpochs(this.rungs, this.opened?.study.plan.training.epochs ?? 1),
  );
  readonly bars = $derived(barsOf(this.decisions));
  /** Of the rows alone: a new epoch of a curve leaves them as they are. */
  readonly #rowDimensions = $derived(dimensionsOf(this.rows));
  readonly dimensions = $derived([
    ...this.#rowDimensions,
    ...rungDimensions(this.columns, this.curves),
  ]);

  constructor(lab: Lab, id: number) {
    this.#lab = lab;
    this.id = id;
    this.effects = new EffectsState(lab, id);
  }

  /**
   * Reads everything the first time, and listens until `close`. Later it only asks for what no
   * event tells.
   */
  async open(): Promise<void> {
    if (this.opened) setTimeout(() => this.#readAttemptsLater(), PAINTED);
    this.#following ??= follow(
      this.#lab,
      () => this.#read(),
      (event) => this.#obey(event),
    );
    try {
      await this.#following;
    } catch (thrown) {
      this.#following = null;
      throw thrown;
    }
  }

  close(): void {
    this.#following?.then(
      (undo) => undo(),
      () => undefined, // it never listened
    );
  }

  async #read(): Promise<void> {
    const [view, decisions] = await Promise.all([
      this.#lab.request('studies.open', { study: this.id }),
      this.#lab.request('decisions.list', { study: this.id }),
      this.readAttempts(),
    ]);
    this.opened = view;
    this.byRun = new Map(view.trials.map((row) => [row.run, row]));
    this.curves = new Map(view.curves.map((curve) => [curve.run, curve]));
    this.decisions = decisions;
  }

  /** What no event tells: which slots worked on what, and where. */
  async readAttempts(): Promise<void> {
    [this.attempts, this.environments] = await Promise.all([
      this.#lab.request('studies.timeline', { study: this.id }),
      this.#lab.request('studies.environments', { study: this.id }),
    ]);
  }

  #readAttemptsLater(): void {
    this.readAttempts().catch(() => undefined); // the page asks again later
  }

  #obey(event: LabEvent): void {
    if (event.type === 'runs') {
      const rows = event.rows.filter((row) => row.study === this.id && row.kind === 'trial');
      if (rows.length === 0) return;
      const next = new Map(this.byRun);
      for (const row of rows) next.set(row.run, row);
      this.byRun = next;
      // The first results tell where they were made and which files were left out.
      if (this.environments.length === 0 && rows.some(({ epoch }) => epoch > 0))
        this.#readAttemptsLater();
    } else if (event.type === 'epochs') {
      const mine = event.epochs.filter(({ run }) => this.byRun.has(run));
      if (mine.length === 0) return;
      const next = new Map(this.curves);
      for (const { run, epoch } of mine) next.set(run, appended(next.get(run), run, epoch));
      this.curves = next;
    } else if (event.type === 'decisions') {
      const known = new Set(this.decisions.map(({ run, rung }) => `${run} ${rung}`));
      const fresh = event.decisions.filter(
        ({ study, run, rung }) => study === this.id && !known.has(`${run} ${rung}`),
      );
      if (fresh.length > 0) this.decisions = [...this.decisions, ...fresh];
    }
  }
}

/** Studies whose records stay in memory; the one that was left first goes. */
const MOST_KEPT = 3;

/** The records of the studies that were opened last. */
export class KeptStudies {
  readonly #lab: Lab;
  /** By study; the last one was opened last. */
  readonly #kept = new Map<number, StudyRecords>();
  #epoch = 0;

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  /** Those of a study; new ones when it was not open lately, or when the lab has forgotten events. */
  of(study: number): StudyRecords {
    return untrack(() => {
      if (this.#lab.removed.includes(study)) this.drop(study);
      if (this.#epoch !== this.#lab.epoch) for (const id of [...this.#kept.keys()]) this.drop(id);
      this.#epoch = this.#lab.epoch;
      const kept = this.#kept.get(study) ?? this.#begin(study);
      this.#kept.delete(study);
      this.#kept.set(study, kept);
      for (const id of [...this.#kept.keys()].slice(0, -MOST_KEPT)) this.drop(id);
      return kept;
    });
  }

  /** Forgets a study: it is read again when it is opened again. */
  drop(study: number): void {
    this.#kept.get(study)?.close();
    this.#kept.delete(study);
  }

  /** Its derived values belong to no page; the root needs no end, as nothing runs in it. */
  #begin(study: number): StudyRecords {
    let records: StudyRecords;
    $effect.root(() => {
      records = new StudyRecords(this.#lab, study);
    });
    return records!;
  }
}

const keptOf = new WeakMap<Lab, KeptStudies>();

/** Of the lab that a page shows. */
export function keptStudies(lab: Lab): KeptStudies {
  const kept = keptOf.get(lab) ?? new KeptStudies(lab);
  keptOf.set(lab, kept);
  return kept;
}
