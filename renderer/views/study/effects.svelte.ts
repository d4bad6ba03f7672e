/** Which choices of a study matter, asked for again when more trials have ended. */
import { untrack } from 'svelte';
import type { LabProblem, StudyEffects } from '../../../core/lab/api.ts';
import { problemOf } from '../../../core/base/errors.ts';
import { isClear, knownEffects } from '../../words/effects.ts';
import type { Lab } from '../../client/lab.svelte.ts';

/** Milliseconds after which a running study is asked again at the earliest. */
const PAUSE = 5000;
/** Milliseconds before the first question: the page is painted without a rival for the processor. */
const FIRST = 300;

export class EffectsState {
  readonly #lab: Lab;
  readonly #study: number;
  found = $state.raw<StudyEffects | null>(null);
  problem = $state.raw<LabProblem | null>(null);
  /** The epoch that a person has chosen; null: the last one that almost all trials have reached. */
  rung = $state<number | null>(null);
  /** Those that the trials determine, the largest first. */
  readonly known = $derived(this.found ? knownEffects(this.found) : []);
  readonly clear = $derived(this.known.filter(isClear));
  #askedAt = -Infinity;

  constructor(lab: Lab, study: number) {
    this.#lab = lab;
    this.#study = study;
  }

  /**
   * Asks for the effects at a rung, soon; returns its undo. An effect that calls it does not run
   * again when the answer comes.
   */
  ask(rung: number | null): () => void {
    const changed = rung !== null && rung !== untrack(() => this.found?.rung);
    const wait = changed ? 0 : Math.max(FIRST, this.#askedAt + PAUSE - performance.now());
    const stop = new AbortController();
    const timer = setTimeout(() => void this.#read(rung, stop.signal), wait);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }

  async #read(rung: number | null, signal: AbortSignal): Promise<void> {
    this.#askedAt = performance.now();
    const input = { study: this.#study, ...(rung !== null && { rung }) };
    try {
      this.found = await this.#lab.request('studies.effects', input, signal);
      this.problem = null;
    } catch (thrown) {
      if (!signal.aborted) this.problem = problemOf(thrown, 'app.unexpected');
    }
  }
}
