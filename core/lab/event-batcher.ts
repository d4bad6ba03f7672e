import { type RungDecision, type WireDecision, wireDecision } from '../study/decision.ts';
import { type EpochMetrics, type WireEpoch, wireEpoch } from '../study/metrics.ts';
import { LabError } from '../base/errors.ts';
import { Lifetime } from '../base/lifetime.ts';
import { isDamaged } from '../store/refusals.ts';
import type { LogEntry, Store } from '../store/store.ts';
import type { EventLog, NewEvent } from './events.ts';
import type { LabViews } from './lab-views.ts';

/** Milliseconds between two batches: ten a second. */
const PACE = 100;
/**
 * Milliseconds between two tables of a re-run, which may hold hundreds of runs; its runs are told
 * with all others.
 */
const TABLE_PACE = 1000;

type DecisionEvent = WireDecision & { run: number; study: number; at: number };

/**
 * Gathers what changed and tells it in batches: however fast workers report, a screen hears ten
 * times a second at most.
 */
export class EventBatcher {
  readonly #events: EventLog;
  readonly #views: LabViews;
  readonly #store: Store;
  readonly #now: () => number;
  readonly #studies = new Set<number>();
  readonly #reruns = new Set<number>();
  /** Those of which only runs have changed: their tables wait a little. */
  readonly #tables = new Set<number>();
  #tablesAt = -Infinity;
  readonly #runs = new Set<number>();
  #epochs: { run: number; epoch: WireEpoch }[] = [];
  #decisions: DecisionEvent[] = [];
  #entries: LogEntry[] = [];
  #slots = false;
  #pretrained = false;
  /** Nothing is gathered, told or read after it. */
  readonly #lifetime = new Lifetime();
  #timer: { cancel: () => void } | null = null;

  constructor(events: EventLog, views: LabViews, store: Store, now: () => number) {
    this.#events = events;
    this.#views = views;
    this.#store = store;
    this.#now = now;
  }

  study(id: number): void {
    this.#studies.add(id);
    this.#soon();
  }

  rerun(id: number): void {
    this.#reruns.add(id);
    this.#soon();
  }

  run(id: number): void {
    if (this.#lifetime.isOver) return;
    const run = this.#store.run(id);
    this.#runs.add(id);
    if (run.rerun !== null) this.#tables.add(run.rerun);
    if (run.kind === 'trial' && run.study !== null) this.#studies.add(run.study);
    this.#soon();
  }

  epoch(run: number, metrics: EpochMetrics): void {
    this.#epochs.push({ run, epoch: wireEpoch(metrics) });
    this.#slots = true;
    this.run(run);
  }

  decision(run: number, study: number, decision: RungDecision, at: number): void {
    this.#decisions.push({ ...wireDecision(decision), run, study, at });
    this.run(run);
  }

  slots(): void {
    this.#slots = true;
    this.#soon();
  }

  pretrained(): void {
    this.#pretrained = true;
    this.#soon();
  }

  log(
    level: LogEntry['level'],
    text: string,
    of: { study?: number | null; run?: number | null } = {},
  ): void {
    if (this.#lifetime.isOver) return;
    const entry = { at: this.#now(), level, study: of.study ?? null, run: of.run ?? null, text };
    try {
      this.#entries.push(this.#store.addLog(entry));
    } catch (error) {
      // What the store refuses is told all the same, to whoever looks on.
      if (!(error instanceof LabError)) throw error;
      this.#entries.push({ id: this.#now(), ...entry });
    }
    this.#soon();
  }

  /** Something rare: told at once. */
  now(event: NewEvent): void {
    this.flush();
    this.#events.add(event);
  }

  /** Tells all that has gathered. */
  flush(): void {
    if (this.#lifetime.isOver) return;
    this.#timer?.cancel();
    this.#timer = null;
    const { studies, runs, epochs, decisions, reruns, entries } = this.#take();
    const rows = this.#read(runs, (id) => this.#views.row(id));
    if (rows.length > 0)
      this.#events.add({ topic: 'runs', type: 'runs', rows }, 3000 * rows.length);
    if (decisions.length > 0)
      this.#events.add({ topic: 'runs', type: 'decisions', decisions }, 200 * decisions.length);
    if (epochs.length > 0)
      this.#events.add({ topic: 'metrics', type: 'epochs', epochs }, 1500 * epochs.length);
    for (const card of this.#read(studies, (id) => this.#views.card(id)))
      this.#events.add({ topic: 'studies', type: 'study', card }, 8000);
    for (const rerun of this.#read(reruns, (id) => this.#views.rerun(id)))
      this.#events.add({ topic: 'reruns', type: 'rerun', rerun }, 2000 + 3000 * rerun.total);
    if (this.#slots)
      this.#events.add({ topic: 'slots', type: 'slots', slots: this.#views.slots() });
    if (this.#pretrained)
      this.#events.add({
        topic: 'pretrained',
        type: 'pretrained',
        pretrained: this.#views.pretrained(),
      });
    if (entries.length > 0) this.#events.add({ topic: 'log', type: 'log', entries });
    this.#slots = false;
    this.#pretrained = false;
    if (this.#tables.size > 0) this.#soon();
  }

  close(): void {
    this.#lifetime.end();
  }

  #take() {
    const now = performance.now();
    if (now - this.#tablesAt >= TABLE_PACE) {
      for (const rerun of this.#tables) this.#reruns.add(rerun);
      this.#tablesAt = now;
    }
    for (const rerun of this.#reruns) this.#tables.delete(rerun);
    const taken = {
      studies: [...this.#studies],
      reruns: [...this.#reruns],
      runs: [...this.#runs],
      epochs: this.#epochs,
      decisions: this.#decisions,
      entries: this.#entries,
    };
    for (const set of [this.#studies, this.#reruns, this.#runs]) set.clear();
    this.#epochs = [];
    this.#decisions = [];
    this.#entries = [];
    return taken;
  }

  /** Views of what is still there and whole: it may have been removed since it changed. */
  #read<View>(ids: readonly number[], view: (id: number) => View): View[] {
    return ids.flatMap((id) => {
      try {
        return [view(id)];
      } catch (error) {
        if (isGone(error) || isDamaged(error)) return [];
        throw error;
      }
    });
  }

  #soon(): void {
    const flush = (): void => {
      this.flush();
    };
    this.#timer ??= this.#lifetime.after(PACE, flush, { keepsProcess: true });
  }
}

const isGone = (error: unknown): boolean =>
  error instanceof LabError && error.code.startsWith('store.unknown-');
