import { setImmediate } from 'node:timers/promises';
import { LabError } from '../base/errors.ts';
import { GENERATOR } from '../base/random.ts';
import { CODE_LENGTH, epochBatches, stepsPerEpoch } from '../data/batches.ts';
import type { Dataset } from '../data/dataset.ts';
import { type Split, splitFor } from '../data/split.ts';
import type { NodeState, Step, StepMetrics, StepPlan, TrainInput } from '../engine/engine.ts';
import { isOutOfMemory } from '../engine/memory.ts';
import { requireTrainable } from '../graph/check.ts';
import {
  evaluatedNodes,
  TARGET,
  type Graph,
  isFrozen,
  nodeNumbers,
  nodeOf,
  reachesTarget,
} from '../graph/graph.ts';
import { architecture, usualImages } from '../models/architecture.ts';
import type { EpochMetrics, NodeMetrics } from '../study/metrics.ts';
import type { TrainingPlan } from '../study/plan.ts';
import { cropOf } from '../study/recipe.ts';
import type { Checkpoint, EpochSums } from './checkpoint.ts';
import { edgeInputs, ensemblePlan, kindsIn, sourcesIn } from './edges.ts';
import { epochReport } from './epoch-report.ts';
import { addToSums, emptySums } from './epoch-sums.ts';
import { initialState } from './initial-state.ts';
import { learningRate, linearWeight, stepForm } from './schedule.ts';
import { runIdentity } from './run-identity.ts';
import type { Steps } from './steps.ts';

export interface TrainingSetup {
  readonly graph: Graph;
  readonly plan: TrainingPlan;
  readonly seed: number;
  readonly dataset: Dataset;
  readonly steps: Steps;
  /** States of the frozen nodes, by node number. */
  readonly teachers: ReadonlyMap<number, NodeState>;
  /** `needed`: only nodes with a path to the target; the others cannot change its result. */
  readonly nodes: 'all' | 'needed';
  /** Called before a compilation, which may block for a minute. */
  readonly onCompile?: () => void;
}

export interface EpochOptions {
  /**
   * Stops after the current call (one step, or `Step.stepsPerCall`); a checkpoint continues exactly
   * there.
   */
  readonly signal?: AbortSignal;
  /** Called after every step, or every call of many, with the completed steps of this epoch. */
  readonly onStep?: (step: number) => void;
}

/**
 * Trains one graph from one seed (paper, section 3.4). Each epoch runs one collaborative step per
 * batch, then evaluates all nodes. Equal setups give equal numbers, bit for bit, on the same engine,
 * machine and number of threads, with or without interruptions.
 */
export class Training {
  readonly split: Split;
  /** Updates per epoch. */
  readonly stepsPerEpoch: number;
  /**
   * Graph numbers of the computed nodes in the step's order: equal architectures in equal order
   * share a step.
   */
  private readonly nodes: readonly number[];
  private readonly setup: TrainingSetup;
  private readonly step: Step;
  /** Completed epochs; `step` is the position in the next one. */
  private done = 0;
  private stepsDone = 0;
  private seconds = 0;
  private sums: EpochSums | undefined;

  /**
   * Compiles or borrows the step and sets every node to its initial state.
   *
   * @throws LabError `graph.*`, `data.*`, `engine.*`
   */
  static async prepare(setup: TrainingSetup): Promise<Training> {
    const { graph, plan, dataset, steps } = setup;
    requireTrainable(graph, 'look');
    const split = splitFor(dataset, plan.protocol, plan.splitSeed, plan.purpose);
    const perEpoch = stepsPerEpoch(split.train.length, plan.recipe.batch);
    const nodes = nodeNumbers(graph)
      .filter((node) => setup.nodes === 'all' || reachesTarget(graph, node))
      .sort((a, b) => nodeOf(graph, a).model.localeCompare(nodeOf(graph, b).model, 'en') || a - b);
    const architectures = nodes.map((node) => architecture(nodeOf(graph, node).model, dataset));
    const frozen = nodes.flatMap((node, at) => (isFrozen(graph, node) ? [at] : []));
    const ensemble = ensemblePlan(graph, nodes);
    const kinds = kindsIn(graph, nodes);
    const stepPlan: StepPlan = {
      ...{ architectures, classes: dataset.classes, batch: plan.recipe.batch, frozen },
      ...(kinds.length > 0 && { kinds }),
      ...(ensemble && { ensemble }),
      form: stepForm(plan.recipe),
    };
    for (;;) {
      const step = await steps.borrow(stepPlan);
      try {
        const training = new Training(setup, step, nodes, split, perEpoch);
        await step.prepare(setup.onCompile);
        return training;
      } catch (error) {
        // a failed session may keep failing
        step.dispose();
        if (!isOutOfMemory(error) || !steps.makeRoom()) throw error;
      }
    }
  }

  private constructor(
    setup: TrainingSetup,
    step: Step,
    nodes: readonly number[],
    split: Split,
    perEpoch: number,
  ) {
    this.setup = setup;
    this.step = step;
    this.nodes = nodes;
    this.split = split;
    this.stepsPerEpoch = perEpoch;
    step.load(setup.dataset);
    for (const [at, node] of nodes.entries()) step.write(at, initialState(setup, node));
  }

  /** Epochs done. */
  get epoch(): number {
    return this.done;
  }

  /** Mean loss of node 1 over the steps of the epoch in progress; null before its first step. */
  get loss(): number | null {
    const sum = this.sums?.nodeLoss[this.nodes.indexOf(TARGET)];
    return sum === undefined || this.stepsDone === 0 ? null : sum / this.stepsDone;
  }

  get finished(): boolean {
    return this.done >= this.setup.plan.epochs;
  }

  /**
   * Trains and evaluates the next epoch; returns undefined after an interruption by `signal`.
   *
   * @throws LabError `train.diverged` on NaN
   */
  async nextEpoch({ signal, onStep }: EpochOptions = {}): Promise<EpochMetrics | undefined> {
    const { plan, seed, graph, dataset } = this.setup;
    const { recipe, epochs } = plan;
    const epoch = this.done + 1;
    const { train } = this.split;
    const codes = epochBatches(seed, epoch, train, recipe.batch, cropOf(recipe), dataset.side);
    const rates = { ...recipe, learningRate: learningRate(epoch, recipe, epochs) };
    const trained = this.nodes.flatMap((node, at) => (isFrozen(graph, node) ? [] : [at]));
    let begun = performance.now();
    const spent = (): number => {
      const now = performance.now();
      const elapsed = (now - begun) / 1000;
      begun = now;
      return elapsed;
    };
    while (this.stepsDone < this.stepsPerEpoch) {
      await setImmediate(); // handles signals and messages
      if (signal?.aborted) {
        this.seconds += spent();
        return undefined;
      }
      const input = (step: number): TrainInput => {
        const updates = this.done * this.stepsPerEpoch + step + 1;
        const edges = edgeInputs(
          graph,
          this.nodes,
          linearWeight(updates, epochs * this.stepsPerEpoch),
        );
        const size = recipe.batch * CODE_LENGTH;
        return { codes: codes.subarray(step * size, (step + 1) * size), rates, edges, trained };
      };
      const count = Math.min(this.step.stepsPerCall, this.stepsPerEpoch - this.stepsDone);
      const inputs = Array.from({ length: count }, (_, i) => input(this.stepsDone + i));
      for (const metrics of this.step.trainMany(inputs)) {
        this.stepsDone++;
        this.add(metrics);
      }
      onStep?.(this.stepsDone);
    }
    const evaluation = this.evaluate();
    this.seconds += spent();
    const report = epochReport(epoch, evaluation, {
      ...{ graph, plan, nodes: this.nodes, sums: this.sums! },
      ...{ stepsPerEpoch: this.stepsPerEpoch, seconds: this.seconds },
    });
    this.done = epoch;
    this.stepsDone = 0;
    this.seconds = 0;
    this.sums = undefined;
    return report;
  }

  /**
   * Returns accuracy and loss of every node, then the ensemble, on the evaluation images; NaN for
   * those that are not computed.
   */
  evaluate(): Pick<NodeMetrics, 'accuracy' | 'loss'>[] {
    const images = this.split.evaluation;
    const { graph } = this.setup;
    const [, ...computed] = sourcesIn(graph, this.nodes);
    const { right, loss } = this.step.evaluate(images, [...computed.keys()]);
    return evaluatedNodes(graph).map((node) => {
      const at = computed.indexOf(node);
      return at < 0
        ? { accuracy: NaN, loss: NaN }
        : { accuracy: right[at]! / images.length, loss: loss[at]! / images.length };
    });
  }

  /** Returns everything needed to continue, also within an epoch. */
  checkpoint(): Checkpoint {
    const { graph, seed, dataset } = this.setup;
    return {
      info: {
        format: 'ktg-checkpoint',
        version: 1,
        nodes: Object.fromEntries(
          this.inGraphOrder().map((node) => [node, nodeOf(graph, node).model]),
        ),
        classes: dataset.classes,
        ...(dataset.side !== usualImages.side && { side: dataset.side }),
        data: dataset.identity,
        seed,
        generator: GENERATOR,
        epoch: this.done,
        step: this.stepsDone,
        seconds: this.seconds,
        sums: this.sums ?? null,
        run: runIdentity(this.setup),
      },
      states: new Map(
        this.inGraphOrder().map((node) => [node, this.step.read(this.nodes.indexOf(node))]),
      ),
    };
  }

  /**
   * Continues from a checkpoint of the same run.
   *
   * @throws LabError `checkpoint.other-run` for any other
   */
  restore({ info, states }: Checkpoint): void {
    const { dataset, seed } = this.setup;
    if (
      info.run !== runIdentity(this.setup) ||
      info.data !== dataset.identity ||
      info.seed !== seed
    ) {
      throw new LabError('checkpoint.other-run');
    }
    for (const [at, node] of this.nodes.entries()) this.step.write(at, states.get(node)!);
    this.done = info.epoch;
    this.stepsDone = info.step;
    this.seconds = info.seconds;
    this.sums = info.sums ?? undefined;
  }

  /** Returns the compiled step for reuse; the training is unusable afterwards. */
  release(): void {
    this.setup.steps.giveBack(this.step);
  }

  private inGraphOrder(): number[] {
    return this.nodes.toSorted((a, b) => a - b);
  }

  private add(metrics: StepMetrics): void {
    const { nodeLoss } = metrics;
    const diverged = nodeLoss.findIndex((loss) => !Number.isFinite(loss));
    if (diverged >= 0) {
      throw new LabError('train.diverged', {
        node: this.nodes[diverged],
        loss: nodeLoss[diverged],
        epoch: this.done + 1,
        step: this.stepsDone,
        steps: this.stepsPerEpoch,
      });
    }
    this.sums ??= emptySums(metrics, this.step.plan.ensemble !== undefined);
    addToSums(this.sums, metrics);
  }
}
