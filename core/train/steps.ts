import type { Engine, Step, StepPlan } from '../engine/engine.ts';

/** Compiled steps kept by default: each holds a session and its copy of the images. */
export const MAX_IDLE = 3;

/**
 * Compiled steps, kept between runs: all gate settings of the same architectures share one;
 * programs of a compiler are made for the frozen nodes too. The least recently used one goes first.
 * One run at a time borrows a step.
 */
export class Steps {
  private readonly engine: Engine;
  private readonly maxIdle: number;
  /** In order of use, oldest first. */
  private readonly idle = new Map<string, Step>();

  constructor(engine: Engine, maxIdle = MAX_IDLE) {
    this.engine = engine;
    this.maxIdle = maxIdle;
  }

  /**
   * A step for this plan, compiled now or kept from before; its nodes' states are whatever was
   * written last.
   */
  async borrow(plan: StepPlan): Promise<Step> {
    const key = this.keyOf(plan);
    const found = this.idle.get(key);
    if (!found) return this.engine.compile(plan);
    this.idle.delete(key);
    return found;
  }

  giveBack(step: Step): void {
    const key = this.keyOf(step.plan);
    this.idle.get(key)?.dispose();
    this.idle.delete(key);
    this.idle.set(key, step);
    for (const [oldest, idle] of this.idle) {
      if (this.idle.size <= this.maxIdle) break;
      idle.dispose();
      this.idle.delete(oldest);
    }
  }

  /** Whether it gave up anything: steps that nobody trains with make room for one that has none. */
  makeRoom(): boolean {
    const had = this.idle.size > 0;
    this.dispose();
    return had;
  }

  dispose(): void {
    for (const step of this.idle.values()) step.dispose();
    this.idle.clear();
  }

  private keyOf({ architectures, classes, batch, frozen = [] }: StepPlan): string {
    const apart = this.engine.info.computation?.compiler === 'xla' ? frozen : [];
    const networks = architectures.map(({ name, side }) => `${name} ${side}`);
    return `${networks.join('+')} ${classes} ${batch} ${apart.join()}`;
  }
}
