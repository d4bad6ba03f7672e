import {
  type Engine,
  planKey,
  type Step,
  type StepPlan,
  withoutIdleFrozen,
} from '../engine/engine.ts';
import { KEPT_STEPS } from '../study/computation.ts';

/**
 * Compiled steps, reused between runs. All gate settings of the same architectures share a step;
 * compiled programs also depend on the frozen nodes. The least recently used step is disposed
 * first. One run at a time borrows a step.
 */
export class Steps {
  private readonly engine: Engine;
  private readonly maxIdle: number;
  /** In order of use, oldest first. */
  private readonly idle = new Map<string, Step>();

  constructor(engine: Engine, maxIdle = KEPT_STEPS) {
    this.engine = engine;
    this.maxIdle = maxIdle;
  }

  /** Returns a step for this plan, new or reused; its nodes keep the states of the last run. */
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

  /** Disposes all unused steps to free memory; returns false when there were none. */
  makeRoom(): boolean {
    const had = this.idle.size > 0;
    this.dispose();
    return had;
  }

  dispose(): void {
    for (const step of this.idle.values()) step.dispose();
    this.idle.clear();
  }

  private keyOf(plan: StepPlan): string {
    const isCompiled = this.engine.info.computation?.compiler === 'xla';
    return planKey(isCompiled ? plan : withoutIdleFrozen(plan));
  }
}
