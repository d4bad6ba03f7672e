import type { Lifetime } from '../base/lifetime.ts';
import type { LabProblem } from '../base/problem.ts';
import { deviceOfSlot, remoteName } from '../devices/names.ts';
import { HERE, isAllowed } from '../study/place.ts';
import type { TrainingPlan } from '../study/plan.ts';
import type { FailureKind } from '../study/run.ts';
import { Delays } from './delays.ts';
import type { Runner } from './runner.ts';

/** Milliseconds until a place that could not work by a plan is tried again. */
const FORGET_AFTER = 10 * 60_000;

/** What a failure says about slots: where a plan cannot be worked on, and which part of it. */
export interface Unfit {
  place: string;
  need: string;
}

/**
 * What a failure says about the other slots beside its own; null when it says nothing about slots.
 * Missing data concern a machine, ways to compute a device. Pure.
 */
export function unfitAfter(
  kind: FailureKind,
  slot: string,
  { data, computation = {} }: TrainingPlan,
): Unfit | null {
  if (kind === 'data')
    return { place: `machine ${remoteName(slot)?.machine ?? ''}`, need: `data ${data}` };
  if (kind === 'precision')
    return { place: `device ${deviceOfSlot(slot)}`, need: `computation ${wordsOf(computation)}` };
  return null;
}

const wordsOf = (computation: NonNullable<TrainingPlan['computation']>): string =>
  JSON.stringify(Object.entries(computation).sort());

/** Which slots can work by which plans: what the runner knows, and what failures have shown. */
export class Suitability {
  readonly #runner: Runner;
  readonly #delayDivisor: number;
  readonly #unfit: Delays<string>;

  /**
   * @param lifetime no memory of a failure outlives it
   * @param delayDivisor divides the time for which failures are remembered
   */
  constructor(lifetime: Lifetime, runner: Runner, delayDivisor: number) {
    this.#unfit = new Delays(lifetime, { keepsProcess: false });
    this.#runner = runner;
    this.#delayDivisor = delayDivisor;
  }

  /** True while every slot suits all of these plans. */
  isTrivialFor(trainings: readonly TrainingPlan[]): boolean {
    return this.#isTrivial && trainings.every(({ place }) => place === undefined);
  }

  /** True while every slot suits every plan that may train anywhere. */
  get #isTrivial(): boolean {
    const isUniform = this.#runner.suits === undefined || this.#runner.isUniform === true;
    return isUniform && !this.#knowsAny;
  }

  suits(slot: string, training: TrainingPlan): boolean {
    if (!this.#isAllowed(slot, training)) return false;
    if (this.#isTrivial) return true;
    if (this.#runner.suits?.(slot, training) === false) return false;
    return !UNFIT_KINDS.some((kind) => {
      const unfit = unfitAfter(kind, slot, training);
      return unfit !== null && this.#unfit.has(keyOf(unfit));
    });
  }

  /** As `Runner.obstacle`, over some slots: data on their way count before any reason. */
  obstacle(slots: readonly string[], training: TrainingPlan): 'coming' | LabProblem | null {
    const found = slots
      .filter((slot) => this.#isAllowed(slot, training))
      .flatMap((slot) => this.#runner.obstacle?.(slot, training) ?? []);
    return found.includes('coming') ? 'coming' : (found[0] ?? null);
  }

  /**
   * Notes a failure.
   *
   * @param usable slots that work or can work
   * @returns true when the run may go on elsewhere; where no slot suits, nothing is remembered
   */
  failed(
    kind: FailureKind,
    slot: string,
    training: TrainingPlan,
    usable: readonly string[],
    wake: () => void,
  ): boolean {
    const unfit = unfitAfter(kind, slot, training);
    if (!unfit) return false;
    this.#unfit.start(keyOf(unfit), FORGET_AFTER / this.#delayDivisor, wake);
    if (usable.some((other) => this.suits(other, training))) return true;
    this.#unfit.cancel(keyOf(unfit));
    return false;
  }

  /** Forgets all failures. */
  clear(): void {
    this.#unfit.clear();
  }

  #isAllowed(slot: string, { place }: TrainingPlan): boolean {
    if (place === undefined) return true;
    const name = deviceOfSlot(slot);
    if (this.#runner.placeOf) {
      const found = this.#runner.placeOf(name);
      return found !== null && isAllowed(place, found);
    }
    const device = this.#runner.devices().find((each) => each.name === name)?.title;
    return device !== undefined && isAllowed(place, { machine: HERE, device, engine: '' });
  }

  get #knowsAny(): boolean {
    return this.#unfit.size > 0;
  }
}

const UNFIT_KINDS: readonly FailureKind[] = ['data', 'precision'];

const keyOf = ({ place, need }: Unfit): string => `${place}: ${need}`;
