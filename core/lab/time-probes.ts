/** Measured speeds of this machine, kept by what decides them, so that each is measured once. */
import { LabError } from '../base/errors.ts';
import { probe, probeGraph, probeSlot, type ProbeResult } from '../search/time-probe.ts';
import type { Runner } from '../search/runner.ts';
import type { StudyPlan } from '../study/plan.ts';
import type { DataSets } from './data-sets.ts';
import { trainingDevices } from './device-views.ts';
import type { EngineManager } from './engine-manager.ts';

type Plan = Pick<StudyPlan, 'space' | 'training'>;

export class TimeProbes {
  readonly #runner: Runner;
  readonly #engine: EngineManager;
  readonly #dataSets: DataSets;
  readonly #measured = new Map<string, ProbeResult>();
  /** The probe that runs, and those after it: two at once would measure each other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(runner: Runner, engine: EngineManager, dataSets: DataSets) {
    this.#runner = runner;
    this.#engine = engine;
    this.#dataSets = dataSets;
  }

  /** What is known of a plan's networks on the devices of now; undefined before a measurement. */
  known(plan: Plan): ProbeResult | undefined {
    for (const { name } of trainingDevices(this.#runner, plan.training.place)) {
      const found = this.#measured.get(this.#keyOf(plan, name));
      if (found) return found;
    }
    return undefined;
  }

  /**
   * Measures a plan's networks on a slot, unless that is known.
   *
   * @throws LabError of missing data, and those of `probeSlot` and `probe`
   */
  async measure(plan: Plan, slot?: string, signal?: AbortSignal): Promise<ProbeResult> {
    const missing = await this.#dataSets.problemWith(plan.training.data);
    if (missing) throw new LabError(missing);
    const mine = this.#last.then(() => this.#measure(plan, slot, signal));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async #measure(plan: Plan, wanted?: string, signal?: AbortSignal): Promise<ProbeResult> {
    signal?.throwIfAborted();
    const before = wanted === undefined ? this.known(plan) : undefined;
    if (before) return before;
    const devices = trainingDevices(this.#runner, plan.training.place).map(({ name }) => name);
    const slot = probeSlot(
      this.#runner,
      plan.training,
      ({ name, device }) => (wanted ?? name) === name && devices.includes(device),
    );
    const device = this.#runner.slots().find(({ name }) => name === slot)!.device;
    const key = this.#keyOf(plan, device);
    const known = this.#measured.get(key);
    if (known) return known;
    const { training } = plan;
    const found = await probe(this.#runner, slot, { graph: probeGraph(plan), training }, signal);
    this.#measured.set(key, found);
    return found;
  }

  /** Networks, images, batch, precision and recipe; device, its slots, and engine. */
  #keyOf(plan: Plan, device: string): string {
    const { data, protocol, purpose, recipe, computation } = plan.training;
    const { kind, version } = this.#engine.view();
    const slots = this.#runner.slots().filter((slot) => slot.device === device).length;
    return JSON.stringify([
      probeGraph(plan).nodes,
      ...[data, protocol, purpose, recipe.batch, computation ?? null],
      ...[device, slots, kind, version],
    ]);
  }
}
