/**
 * One study on screen: its records, kept up to date, and the one selection and filter that link all
 * its views.
 */
import { SvelteSet } from 'svelte/reactivity';
import { judgedTitle } from '../../../core/graph/describe.ts';
import type { StudyCard, TrialRow } from '../../../core/lab/api.ts';
import { rankTrials } from '../../../core/study/best.ts';
import { filesLeftOut, leftOutText } from '../../../core/study/left-out.ts';
import type { ChartName } from './chart-names.ts';
import type { Lab } from '../../client/lab.svelte.ts';
import {
  conditionText,
  everything,
  fits,
  isEverything,
  type Condition,
  type TrialFilter,
} from './filter.ts';
import { COMPARED_LIMIT } from '../../routes.ts';
import { madeIn, mixedText } from '../../words/provenance.ts';
import { keptStudies, type StudyRecords } from './records.svelte.ts';

const never = (): boolean => false;

/** By study. */
const chosenOf = new Map<number, SvelteSet<number>>();

export class StudyState {
  /** Set by the constructor, before any derived value is read. */
  readonly #lab!: Lab;
  readonly #records!: StudyRecords;
  readonly id: number;
  #wanted: { trial: number | null; run?: number | undefined } | null = null;
  filter = $state.raw<TrialFilter>(everything);
  /** Run that is looked at. */
  selected = $state<number | null>(null);
  /** Charts scale to what passes the filter. */
  fit = $state(true);
  /** Counts the times that a trial was gone to: the table then scrolls to it. */
  sought = $state(0);
  /** Run under the pointer. */
  hovered = $state<number | null>(null);
  /** Which of the charts is shown. */
  chart = $state<ChartName>('tournament');
  /** Runs to be compared, in the order they were chosen; kept while one looks at something else. */
  readonly chosen: SvelteSet<number>;

  readonly card = $derived<StudyCard | null>(
    this.#lab.cards.find((card) => card.study.id === this.id) ?? this.#records.opened,
  );
  readonly epochs = $derived(this.card?.study.plan.training.epochs ?? 1);
  readonly size = $derived(this.card?.study.plan.space.nodes.length ?? 1);
  /** Whose accuracy counts: "node 1", "the ensemble". */
  readonly judged = $derived(this.card ? judgedTitle(this.card.study.plan.space) : 'node 1');
  readonly #greatest = $derived(Math.max(0, ...this.rows.map(({ accuracy }) => accuracy ?? 0)));
  readonly filtered = $derived(
    isEverything(this.filter)
      ? this.rows
      : this.rows.filter((row) => fits(row, this.filter, this.dimensions)),
  );
  /** Those of them with a result, the best first. */
  readonly ranked = $derived(rankTrials(this.filtered));
  readonly #inside = $derived(
    isEverything(this.filter) ? null : new Set(this.filtered.map((row) => row.run)),
  );
  readonly faint = $derived.by(() => {
    const inside = this.#inside;
    return inside ? (run: number): boolean => !inside.has(run) : never;
  });
  /** Which runs the scales of charts fit; null: all. */
  readonly fits = $derived.by(() => {
    const inside = this.fit ? this.#inside : null;
    return inside && ((run: number): boolean => inside.has(run));
  });
  /** What a chart without data says. */
  readonly nothing = $derived(
    this.card?.study.state === 'completed'
      ? 'No trial has a result.'
      : 'No trial has a result yet: the first comes after its first epoch.',
  );
  /** The same of a chart of those trials only that pass the filter. */
  readonly nothingPasses = $derived(
    this.rows.every(({ accuracy }) => accuracy === null)
      ? this.nothing
      : this.filtered.length === 0
        ? 'No trial passes the filter.'
        : 'No trial that passes the filter has a result.',
  );
  readonly selectedRow = $derived(
    this.selected === null ? null : (this.byRun.get(this.selected) ?? null),
  );
  /**
   * What is looked at: what is selected; else the best; where nothing has a result, the first,
   * which says why.
   */
  readonly shown = $derived.by(() => {
    const best = this.card?.best;
    return this.selectedRow ?? (best && (this.byRun.get(best.run) ?? best)) ?? this.rows[0] ?? null;
  });
  /** Re-runs of its graphs, oldest first. */
  readonly reruns = $derived(this.#lab.reruns.filter(({ rerun }) => rerun.study === this.id));
  readonly slots = $derived(this.#lab.slots.filter((slot) => slot.study === this.id));
  readonly #planned = $derived<Record<string, unknown>>({
    study: this.card?.study.name,
    seed: this.card?.study.plan.seed,
    protocol: this.card?.study.plan.training.protocol,
    data: this.card?.study.plan.training.data,
  });
  /** How and where the numbers were made: goes into everything that is saved. */
  readonly provenance = $derived({ ...this.#planned, ...madeIn(this.#records.environments) });
  /** How many files of its data set were no usable image; '' where none is known. */
  readonly leftOut = $derived.by(() => {
    const recorded = this.#records.environments.find(({ leftOut }) => leftOut)?.leftOut;
    const listed = this.#lab.dataSets.find(({ name }) => name === this.#planned.data);
    const found = recorded ?? (listed && filesLeftOut(listed));
    return found ? `${leftOutText(found)}.` : '';
  });
  /** A warning where its trials were made in different ways; '' where not. */
  readonly mixed = $derived(mixedText(this.#records.environments));

  constructor(lab: Lab, id: number) {
    this.#lab = lab;
    this.#records = keptStudies(lab).of(id);
    this.id = id;
    this.chosen = chosenOf.get(id) ?? new SvelteSet();
    chosenOf.set(id, this.chosen);
  }

  get rows(): StudyRecords['rows'] {
    return this.#records.rows;
  }

  get byRun(): StudyRecords['byRun'] {
    return this.#records.byRun;
  }

  get curves(): StudyRecords['curves'] {
    return this.#records.curves;
  }

  get decisions(): StudyRecords['decisions'] {
    return this.#records.decisions;
  }

  get attempts(): StudyRecords['attempts'] {
    return this.#records.attempts;
  }

  get rungs(): StudyRecords['rungs'] {
    return this.#records.rungs;
  }

  /** Epochs of the tournament's columns. */
  get columns(): StudyRecords['columns'] {
    return this.#records.columns;
  }

  get bars(): StudyRecords['bars'] {
    return this.#records.bars;
  }

  get dimensions(): StudyRecords['dimensions'] {
    return this.#records.dimensions;
  }

  get effects(): StudyRecords['effects'] {
    return this.#records.effects;
  }

  /** Reads everything unless it is known. The undo leaves the records, which stay up to date. */
  async open(): Promise<() => void> {
    await this.#records.open();
    this.#selectWanted();
    return () => undefined;
  }

  /** Which trial an address selects: by its number, or by the id of its run. */
  selectOnOpen(wanted: { trial: number | null; run?: number | undefined }): void {
    this.#wanted = wanted;
  }

  #selectWanted(): void {
    if (!this.#wanted) return;
    const { trial, run } = this.#wanted;
    this.#wanted = null;
    this.selected =
      this.rows.find((row) => (trial === null ? row.run === run : row.number === trial))?.run ??
      null;
  }

  /** Looks at what another state of the same study looked at. */
  lookAs({ selected, filter, fit, chart, effects }: StudyState): void {
    this.chart = chart;
    this.effects.rung = effects.rung;
    this.effects.found = effects.found;
    this.fit = fit;
    this.selected = selected;
    this.filter = filter;
  }

  /** What no event tells: which slots worked on what, and where. */
  readAttempts(): Promise<void> {
    return this.#records.readAttempts();
  }

  /** How and where one trial's numbers were made; for a duplicate, those of its original. */
  provenanceOf({ run, number, seed, duplicateOf }: TrialRow): Record<string, unknown> {
    const used = new Set(
      this.attempts
        .filter((attempt) => attempt.run === (duplicateOf ?? run))
        .map(({ environment }) => environment),
    );
    const environments = this.#records.environments.filter(({ id }) => used.has(id));
    return { ...this.#planned, ...madeIn(environments), trial: number, trainingSeed: seed };
  }

  /** An accuracy as a share of the greatest one of its trials, for a bar. */
  shareOfBest(accuracy: number): number {
    return this.#greatest > 0 ? accuracy / this.#greatest : 0;
  }

  /** Walks over what the filter lets through, in the given order. */
  step(order: readonly number[], by: -1 | 1): void {
    if (order.length === 0) return;
    const at = this.selected === null ? -1 : order.indexOf(this.selected);
    this.selected =
      order[at < 0 ? (by > 0 ? 0 : order.length - 1) : (at + by + order.length) % order.length]!;
  }

  /**
   * Selects a trial by its number, or the best one, and has the table show it. False when there is
   * none.
   */
  goTo(trial: number | 'best'): boolean {
    const row =
      trial === 'best' ? rankTrials(this.rows)[0] : this.rows.find((each) => each.number === trial);
    if (!row) return false;
    this.selected = row.run;
    this.sought++;
    return true;
  }

  /** Adds a condition to the filter unless it is there. */
  add(condition: Condition): void {
    const words = conditionText(condition);
    if (!this.filter.conditions.some((each) => conditionText(each) === words))
      this.toggle(condition);
  }

  /** Adds a condition to the filter, or takes it out again. */
  toggle(condition: Condition): void {
    const words = conditionText(condition);
    const others = this.filter.conditions.filter((each) => conditionText(each) !== words);
    const was = others.length < this.filter.conditions.length;
    this.filter = { ...this.filter, conditions: was ? others : [...others, condition] };
  }

  /** Keeps the trials with a value of the dimension in a range; null removes this brush. */
  brush(key: string, range: readonly [number, number] | null): void {
    const { [key]: _, ...others } = this.filter.brushes;
    this.filter = { ...this.filter, brushes: range ? { ...others, [key]: range } : others };
  }

  removeBrushes(): void {
    this.filter = { ...this.filter, brushes: {} };
  }

  toggleChosen(run: number): void {
    if (this.chosen.has(run)) this.chosen.delete(run);
    else if (this.chosen.size < COMPARED_LIMIT) this.chosen.add(run);
    else
      this.#lab.say(
        'Six trials are already selected.',
        'Remove one first: Compare shows six side by side.',
      );
  }
}
