import { LabError, problemOf } from '../base/errors.ts';
import { inBackground } from '../base/in-background.ts';
import type { LabProblem } from '../base/problem.ts';
import { type EngineFacts, engineFacts, installEngine, removeEngine } from './engine-library.ts';
import type { RequestedEngine } from '../workers/messages.ts';
import type { EngineView } from './api.ts';

/** Milliseconds between two signs of an install's progress. */
const PACE = 250;

/** What is done about the engine's library; tests put their own in its place. */
export interface EngineWork {
  facts(requested: RequestedEngine, onCards: boolean | null): EngineFacts;
  install: typeof installEngine;
  remove(): Promise<void>;
}

const realWork: EngineWork = { facts: engineFacts, install: installEngine, remove: removeEngine };

/** The engine's library: what is there, and its install with progress. */
export class EngineManager {
  readonly #work: EngineWork;
  readonly #requested: () => RequestedEngine;
  readonly #onCards: () => boolean | null;
  /** Called after every change; `renewed` when workers should open their engine again. */
  readonly #changed: (view: EngineView, renewed: boolean) => void;
  #install: EngineView['install'] = null;
  #abort: AbortController | null = null;
  #problem: LabProblem | null = null;

  /** @param onCards whether work goes to cards now; null where nothing works */
  constructor(
    requested: () => RequestedEngine,
    onCards: () => boolean | null,
    changed: (view: EngineView, renewed: boolean) => void,
    work: EngineWork = realWork,
  ) {
    this.#requested = requested;
    this.#onCards = onCards;
    this.#changed = changed;
    this.#work = work;
  }

  view(): EngineView {
    const facts = this.#work.facts(this.#requested(), this.#onCards());
    return { ...facts, install: this.#install, problem: this.#problem ?? facts.problem };
  }

  /** Begins an install; how it goes is told. */
  install(kind: 'cpu' | 'gpu'): EngineView {
    if (this.#abort) throw new LabError('engine.install-underway/install');
    this.#abort = new AbortController();
    this.#problem = null;
    this.#install = {
      step: 'getting ready',
      bytes: 0,
      total: null,
      bytesPerSecond: 0,
      timeLeft: null,
    };
    inBackground(this.#run(kind, this.#abort.signal));
    return this.view();
  }

  cancel(): EngineView {
    this.#abort?.abort();
    return this.view();
  }

  async remove(): Promise<EngineView> {
    if (this.#abort) throw new LabError('engine.install-underway/remove');
    await this.#work.remove();
    this.#changed(this.view(), true);
    return this.view();
  }

  async #run(kind: 'cpu' | 'gpu', signal: AbortSignal): Promise<void> {
    let began = performance.now();
    let first = 0;
    let step = '';
    let told = -Infinity;
    try {
      await this.#work.install(
        kind,
        ({ step: words, bytes, total }) => {
          const now = performance.now();
          const phase = words.split(':')[0]!;
          if (phase !== step) [step, began, first] = [phase, now, bytes];
          else if (now - told < PACE) return;
          told = now;
          const bytesPerSecond = ((bytes - first) * 1000) / Math.max(1, now - began);
          const timeLeft =
            total !== null && bytesPerSecond > 0 ? (total - bytes) / bytesPerSecond : null;
          this.#install = { step: phase, bytes, total, bytesPerSecond, timeLeft };
          this.#changed(this.view(), false);
        },
        signal,
      );
    } catch (error) {
      if (!signal.aborted) this.#problem = problemOf(error);
    }
    this.#abort = null;
    this.#install = null;
    this.#changed(this.view(), this.#problem === null);
  }
}
