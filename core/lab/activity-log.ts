import { type Owner, ownerKey, ownerOf, recordOf } from '../search/owner.ts';
import type { Store } from '../store/store.ts';
import { epochNote } from '../study/best.ts';
import { leftOutText } from '../study/left-out.ts';
import type { JobState, TrialCounts } from '../study/study.ts';
import type { MachineView } from '../machines/machine-view.ts';
import type { EventBatcher } from './event-batcher.ts';

/** Writes into the log what becomes of studies and re-runs: started, paused, stopped, ended. */
export class ActivityLog {
  readonly #store: Store;
  readonly #batcher: EventBatcher;
  readonly #states = new Map<string, JobState>();
  /** Studies and re-runs whose data set was looked at. */
  readonly #dataTold = new Set<string>();

  constructor(store: Store, batcher: EventBatcher) {
    this.#store = store;
    this.#batcher = batcher;
    for (const { id, state } of store.studies()) this.#states.set(ownerKey({ study: id }), state);
    for (const { id, state } of store.reruns()) this.#states.set(ownerKey({ rerun: id }), state);
  }

  /** Looks whether it is in another state than before. */
  heard(owner: Owner): void {
    const record = recordOf(this.#store, owner);
    const { name, state, problem } = record;
    const before = this.#states.get(ownerKey(owner)) ?? 'ready';
    this.#states.set(ownerKey(owner), state);
    if (state === before || state === 'ready') return;
    const words = {
      running: () => (before === 'ready' ? 'was started' : 'goes on'),
      paused: () => (problem ? `was paused: ${problem.message}` : 'was paused'),
      stopped: () => `was stopped: ${this.#outcome(owner)}`,
      completed: () => `has ended: ${this.#outcome(owner)}`,
    }[state]();
    const what = 'study' in owner ? 'Study' : 'Re-run';
    const study = 'study' in record ? record.study : record.id;
    this.#batcher.log(
      problem ? 'warning' : 'info',
      `${what} "${name}" ${words.replace(/\.$/, '')}.`,
      {
        study,
      },
    );
  }

  /** Writes, once while the lab is open, how many files of a study's data set were left out. */
  dataOf(run: number): void {
    const record = this.#store.run(run);
    const owner = ownerOf(record);
    if (!owner || this.#dataTold.has(ownerKey(owner))) return;
    const attempt = this.#store.attempts({ run }).find(({ environment }) => environment !== null);
    if (!attempt) return;
    this.#dataTold.add(ownerKey(owner));
    const { leftOut } = this.#store.environment(attempt.environment!);
    if (!leftOut) return;
    const what = 'study' in owner ? 'Study' : 'Re-run';
    const { name } = recordOf(this.#store, owner);
    const study = record.study;
    const text = `${what} "${name}" uses a part of its data: ${leftOutText(leftOut)}.`;
    this.#batcher.log('warning', text, { study });
  }

  /** Writes that a machine came in, went away or needs help. */
  machine({ name, state, problem }: MachineView, before: MachineView['state'] | undefined): void {
    const text = machineTexts[state];
    if (text === '' || (before === undefined && state === 'unreachable')) return;
    const why = problem && state !== 'reachable' ? ` ${problem.message} ${problem.next}` : '';
    const level = state === 'unreachable' || state === 'needs-update' ? 'warning' : 'info';
    this.#batcher.log(level, `Machine "${name}" ${text}.${why}`.trim());
  }

  /** `32 trials, 5 completed, 27 stopped early; best 64.30 % (trial 9)` */
  #outcome(owner: Owner): string {
    if ('rerun' in owner) {
      const runs = this.#store.runs(owner);
      const completed = runs.filter(({ state }) => state === 'completed').length;
      return `${completed} of ${runs.length} runs completed`;
    }
    const counts = this.#store.trialCounts(owner.study);
    const best = this.#store.bestTrial(owner.study);
    if (!best) return countsOf(counts);
    const accuracy = `${(best.accuracy! * 100).toFixed(2)} %${epochNote(best)}`;
    return `${countsOf(counts)}; best ${accuracy} (trial ${best.number})`;
  }
}

function countsOf(counts: TrialCounts): string {
  const words: [count: number, what: string][] = [
    [counts.completed, 'completed'],
    [counts.stopped, 'stopped early'],
    [counts.failed + counts.outOfMemory, 'failed'],
    [counts.cancelled, 'cancelled'],
  ];
  const all = (Object.values(counts) as number[]).reduce((sum, count) => sum + count, 0);
  const parts = words.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : []));
  return [`${all} trial${all === 1 ? '' : 's'}`, ...parts].join(', ');
}

/** What the log says of a machine in each state; '' for states in between. */
const machineTexts: Readonly<Record<MachineView['state'], string>> = {
  paired: '',
  launching: '',
  waiting: 'waits in the queue of its cluster',
  away: '',
  starting: '',
  reachable: 'is reachable',
  draining: 'takes no more runs',
  unreachable: 'is not reachable',
  'needs-update': 'needs an update',
};
