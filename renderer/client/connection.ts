/**
 * Keeps one connection to the lab: opens it, notices its end, waits and opens the next. Knows no
 * transport.
 */
import type { LabApi } from '../../core/lab/api.ts';

export interface Line {
  readonly api: LabApi;
  /** Resolves when the line is gone, never rejects. */
  readonly closed: Promise<unknown>;
  close(): void;
}

export type Dial = () => Promise<Line>;

export type ConnectionState = 'connecting' | 'open' | 'lost';

interface Watcher {
  state(state: ConnectionState): void;
  /** A new line; not called again before the earlier one has closed. */
  open(api: LabApi): void | Promise<void>;
  failed(thrown: unknown): void;
}

/** Milliseconds before the next attempt: 250 doubled each time, at most 8 s. */
export const retryDelay = (attempt: number): number => Math.min(8000, 250 * 2 ** attempt);

/**
 * Dials until its undo is called, which it returns. `wait` is a parameter so that tests need no clock.
 */
export function keepConnected(
  dial: Dial,
  watcher: Watcher,
  wait: (milliseconds: number) => Promise<unknown> = (milliseconds) =>
    new Promise((resolve) => setTimeout(resolve, milliseconds)),
): () => void {
  let ended = false;
  let line: Line | null = null;
  const run = async (): Promise<void> => {
    watcher.state('connecting');
    for (let attempt = 0; !ended; attempt++) {
      try {
        line = await dial();
        if (ended) break;
        await watcher.open(line.api);
        watcher.state('open');
        attempt = -1;
        await line.closed;
      } catch (thrown) {
        line?.close();
        watcher.failed(thrown);
      }
      line = null;
      if (ended) break;
      watcher.state('lost');
      await wait(retryDelay(Math.max(0, attempt)));
    }
    line?.close();
  };
  void run();
  return () => {
    ended = true;
    line?.close();
  };
}
