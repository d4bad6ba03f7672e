import { LabError } from '../base/errors.ts';
import { evaluatedNodes } from '../graph/graph.ts';
import type { Job, JobEnd, Verdict } from '../search/runner.ts';
import type { EpochMetrics } from '../study/metrics.ts';

export const BAD_MESSAGE = 'workers.bad-message';

/** A message that the contract does not allow: its worker is killed. */
export const badMessage = (why: string): LabError => new LabError(BAD_MESSAGE, { why });

/**
 * The order in which a job may report, checked for a worker's process and again for a machine. All
 * methods throw LabError `workers.bad-message` for what may not come now.
 */
export class JobOrder {
  readonly #job: Pick<Job, 'graph' | 'training'>;
  #started = false;
  /** The report of its start may not have been answered before the job was adopted. */
  #mayStart = false;
  /** Last epoch that was reported, or that the job went on from. */
  #epoch: number;
  #verdict: Verdict = 'go-on';
  #storing = false;
  #finalStored = false;

  constructor(job: Pick<Job, 'graph' | 'training'>, epoch: number) {
    this.#job = job;
    this.#epoch = epoch;
  }

  get epoch(): number {
    return this.#epoch;
  }

  started(): void {
    if (this.#started && !this.#mayStart) throw badMessage('it reported its start twice');
    this.#started = true;
    this.#mayStart = false;
  }

  /** The job was started before, and has reported up to this epoch. */
  adopted(epoch: number): void {
    this.#started = true;
    this.#mayStart = true;
    this.#epoch = epoch;
  }

  reported({ epoch, nodes, edges }: EpochMetrics): void {
    const { graph, training } = this.#job;
    if (!this.#started) throw badMessage('it reported an epoch before its start');
    if (epoch !== this.#epoch + 1 || epoch > training.epochs)
      throw badMessage(
        `it reported epoch ${epoch} of ${training.epochs} after epoch ${this.#epoch}`,
      );
    const known = evaluatedNodes(graph).length;
    if (nodes.length !== known || edges.length !== graph.edges.length)
      throw badMessage(
        `it reported ${nodes.length} nodes and ${edges.length} edges of a graph of ${known} ` +
          `and ${graph.edges.length}`,
      );
    this.#epoch = epoch;
  }

  judged(verdict: Verdict): void {
    if (verdict !== 'go-on') this.#verdict = verdict;
  }

  /** It announces a checkpoint. */
  offered(epoch: number): void {
    if (this.#storing) throw badMessage('it sent a checkpoint before the last one was stored');
    if (epoch > this.#epoch)
      throw badMessage(`it sent a checkpoint of epoch ${epoch} after epoch ${this.#epoch}`);
    this.#storing = true;
  }

  /** The announced checkpoint is stored, or could not be. */
  settled(stored: 'resume' | 'final' | null): void {
    this.#storing = false;
    this.#finalStored ||= stored === 'final';
  }

  /** @param asked it was asked to end */
  ended(end: JobEnd, asked: boolean): void {
    const { training } = this.#job;
    const right =
      end === 'halted'
        ? asked
        : end === 'stopped'
          ? this.#verdict !== 'go-on'
          : this.#epoch === training.epochs && this.#finalStored;
    if (!right)
      throw badMessage(`it sent "${end}" after epoch ${this.#epoch} of ${training.epochs}`);
  }
}
