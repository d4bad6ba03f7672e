/** Undo and redo as plain data. */
export interface History<T> {
  readonly past: readonly T[];
  readonly present: T;
  /** Next redo first. */
  readonly future: readonly T[];
}

const MOST = 200;

export const begin = <T>(present: T): History<T> => ({ past: [], present, future: [] });

/** A new present; what had been undone is forgotten. */
export const record = <T>({ past, present }: History<T>, next: T): History<T> => ({
  past: [...past, present].slice(-MOST),
  present: next,
  future: [],
});

/** One step back; the same when there is none. */
export function undo<T>(history: History<T>): History<T> {
  const before = history.past.at(-1);
  if (before === undefined) return history;
  return {
    past: history.past.slice(0, -1),
    present: before,
    future: [history.present, ...history.future],
  };
}

/** One step forward again; the same when there is none. */
export function redo<T>(history: History<T>): History<T> {
  const [next, ...future] = history.future;
  if (next === undefined) return history;
  return { past: [...history.past, history.present], present: next, future };
}
