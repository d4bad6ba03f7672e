/** A record on screen: read once, then kept up to date by events, until the page leaves it. */
import type { LabEvent, LabProblem } from '../../core/lab/api.ts';
import { problemOf } from '../../core/base/errors.ts';
import type { Lab } from './lab.svelte.ts';

/**
 * Reads, and listens until its undo is called. Events that come while it reads are obeyed after it,
 * so that none is missed.
 */
export async function follow(
  lab: Pick<Lab, 'listen'>,
  read: () => Promise<void>,
  obey: (event: LabEvent) => void,
): Promise<() => void> {
  let held: LabEvent[] | null = [];
  const undo = lab.listen((event) => {
    if (held) held.push(event);
    else obey(event);
  });
  try {
    await read();
  } catch (thrown) {
    undo();
    throw thrown;
  }
  for (const event of held) obey(event);
  held = null;
  return undo;
}

/** What a page shows: the record that was opened last, or why it could not be. */
export class Opened<T extends { open(): Promise<() => void> }> {
  current = $state.raw<T | null>(null);
  problem = $state.raw<LabProblem | null>(null);

  /** Shows a record once it is read. The undo, for an effect, lets go of it. */
  show(record: T): () => void {
    let undo: (() => void) | null = null;
    let ended = false;
    this.problem = null;
    record.open().then(
      (close) => {
        if (ended) close();
        else {
          undo = close;
          this.current = record;
        }
      },
      (thrown: unknown) => {
        if (!ended) this.problem = problemOf(thrown, 'app.unexpected');
      },
    );
    return () => {
      ended = true;
      undo?.();
    };
  }
}
