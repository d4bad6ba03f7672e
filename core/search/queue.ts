import { type Fit, mayTake } from './slot-choice.ts';

/** A study or re-run that runs, as far as the queue looks at it. */
export interface QueuedWork {
  readonly priority: number;
  /** Runs that are on slots. */
  readonly live: ReadonlySet<number>;
  /** Runs that can start at once, ascending: earlier ones go first. */
  readonly ready: readonly number[];
}

/** A pretraining that can start at once. */
export interface QueuedPretraining {
  readonly run: number;
  /** The highest priority of those that wait for its network. */
  readonly priority: number;
}

export interface QueueState<Work extends QueuedWork> {
  works: readonly Work[];
  pretrainings: readonly QueuedPretraining[];
  /** How well a run suits the free slot. */
  fitOf: (run: number) => Fit;
  /** No other slot is free after this one. */
  isLastSlot: boolean;
  /** True of a study that may draw another trial for this slot. */
  mayDraw: (work: Work) => boolean;
}

/** The next job of a free slot. */
export type Next<Work> =
  | { do: 'pretrain'; run: number; reason: 'same-or-higher-priority' | 'nothing-else-waits' }
  /** `last-free-slot`: the run failed on this slot, and no other one is free. */
  | { do: 'start'; run: number; work: Work; reason: 'waits' | 'last-free-slot' }
  | { do: 'draw'; work: Work; reason: 'no-run-waits' }
  /** `kept-for-other-slots`: runs wait, but for a slot on which they have not failed. */
  | { do: 'nothing'; reason: 'nothing-waits' | 'kept-for-other-slots' };

/**
 * What a free slot should do: by priority, among equals pretraining first, then the study or re-run
 * with the fewest runs on slots. Within one of them waiting runs come before new trials. Pure.
 */
export function nextInQueue<Work extends QueuedWork>(state: QueueState<Work>): Next<Work> {
  const pretraining = mostImportant(state);
  const works = state.works.toSorted(
    (a, b) => b.priority - a.priority || a.live.size - b.live.size,
  );
  for (const work of works) {
    if (pretraining && pretraining.priority >= work.priority)
      return { do: 'pretrain', run: pretraining.run, reason: 'same-or-higher-priority' };
    const next = nextOf(work, state);
    if (next) return next;
  }
  if (pretraining) return { do: 'pretrain', run: pretraining.run, reason: 'nothing-else-waits' };
  const isWaiting =
    state.pretrainings.length > 0 || state.works.some(({ ready }) => ready.length > 0);
  return { do: 'nothing', reason: isWaiting ? 'kept-for-other-slots' : 'nothing-waits' };
}

/**
 * The pretraining with the highest priority of those that may take the slot; the first of equals.
 */
const mostImportant = ({
  pretrainings,
  fitOf,
  isLastSlot,
}: Omit<QueueState<never>, 'works' | 'mayDraw'>): QueuedPretraining | undefined =>
  pretrainings
    .filter(({ run }) => mayTake(fitOf(run), isLastSlot))
    .reduce<QueuedPretraining | undefined>(
      (first, each) => (first && first.priority >= each.priority ? first : each),
      undefined,
    );

function nextOf<Work extends QueuedWork>(
  work: Work,
  { fitOf, isLastSlot, mayDraw }: QueueState<Work>,
): Next<Work> | null {
  const suited = work.ready.find((run) => fitOf(run).suits);
  if (suited !== undefined) return { do: 'start', run: suited, work, reason: 'waits' };
  if (mayDraw(work)) return { do: 'draw', work, reason: 'no-run-waits' };
  const unsuited = work.ready.find((run) => mayTake(fitOf(run), isLastSlot));
  return unsuited === undefined
    ? null
    : { do: 'start', run: unsuited, work, reason: 'last-free-slot' };
}
