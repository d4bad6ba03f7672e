/** The runs that Compare shows, read again while they train. */
import { problemOf } from '../../../core/base/errors.ts';
import type { RunView, LabProblem } from '../../../core/lab/api.ts';
import type { Lab } from '../../client/lab.svelte.ts';
import { runOf } from '../../client/run-of.ts';
import type { RunName } from '../../run-name.ts';

/** Milliseconds between two readings of runs that train. */
const READ_INTERVAL = 1000;

export class ComparedRuns {
  readonly #lab: Lab;
  views = $state.raw<readonly RunView[]>([]);
  problem = $state.raw<LabProblem | null>(null);

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  /** Reads runs, and again after some of their epochs, one request at a time. Returns the undo. */
  follow(names: readonly RunName[]): () => void {
    if (names.length === 0) {
      this.views = [];
      return () => undefined;
    }
    let current = true;
    let ids: readonly number[] = [];
    const read = async (): Promise<void> => {
      try {
        if (ids.length === 0) ids = await Promise.all(names.map((name) => runOf(this.#lab, name)));
        const views = await this.#lab.request('compare.runs', { runs: [...ids] });
        if (current) [this.views, this.problem] = [views, null];
      } catch (thrown) {
        if (current) this.problem = problemOf(thrown, 'app.unexpected');
      }
    };
    void read();
    let waiting = false;
    const undo = this.#lab.listen((event) => {
      if (waiting || event.type !== 'epochs' || !event.epochs.some(({ run }) => ids.includes(run)))
        return;
      waiting = true;
      setTimeout(() => {
        waiting = false;
        if (current) void read();
      }, READ_INTERVAL);
    });
    return () => {
      current = false;
      undo();
    };
  }
}
