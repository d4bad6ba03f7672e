/** What fetching or reading a data set is doing; amounts in bytes, or images. */
export type DataProgress =
  | {
      phase: 'download';
      done: number;
      /** Absent when the server does not say. */
      total?: number;
      /** Over the last seconds; absent until something can be said. */
      bytesPerSecond?: number;
      secondsLeft?: number;
    }
  /** The connection broke; the next try comes after `seconds`. */
  | { phase: 'retry'; reason: string; seconds: number }
  | { phase: 'check' | 'read'; done: number; total: number }
  /** Images. */
  | { phase: 'decode'; done: number; total: number }
  /** Another process decodes the same images; told once a second. */
  | { phase: 'wait' };

export type OnDataProgress = (progress: DataProgress) => void;

export interface DataOptions {
  onProgress?: OnDataProgress | undefined;
  /** Ends the work with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Speed looks back this far, in milliseconds. */
const WINDOW = 5_000;
/** At most one event in this time, in milliseconds. */
const PACE = 100;

/** Turns byte counts into paced download events with speed and time left. `now` in milliseconds. */
export function downloadMeter(
  report: OnDataProgress | undefined,
  now: () => number = performance.now.bind(performance),
): (done: number, total: number | undefined) => void {
  const samples: { time: number; done: number }[] = [];
  let reported = -Infinity;
  return (done, total) => {
    const time = now();
    if (time - reported < PACE && done !== total) return;
    reported = time;
    samples.push({ time, done });
    while (samples.length > 2 && time - samples[0]!.time > WINDOW) samples.shift();
    const { time: began, done: first } = samples[0]!;
    const bytesPerSecond = time > began ? ((done - first) / (time - began)) * 1000 : 0;
    report?.({
      phase: 'download',
      done,
      ...(total === undefined ? {} : { total }),
      ...(bytesPerSecond > 0 ? { bytesPerSecond } : {}),
      ...(bytesPerSecond > 0 && total !== undefined
        ? { secondsLeft: Math.max(0, total - done) / bytesPerSecond }
        : {}),
    });
  };
}
