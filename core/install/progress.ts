/**
 * Progress of an install. `what`: the package, TensorFlow by default. `wait`: another install, with
 * process id `by`, must finish first.
 */
export type Progress =
  | { phase: 'wait'; by: number }
  | { phase: 'download' | 'unpack'; done: number; total: number; what?: string } // bytes
  | { phase: 'build' | 'check' };

export type OnProgress = (progress: Progress) => void;

const words = {
  download: 'downloading TensorFlow',
  unpack: 'unpacking TensorFlow',
  build: 'building the connection to TensorFlow (about 10 s)',
  check: 'checking that it loads',
};

/**
 * Returns bytes in decimal megabytes, as package indexes show them: `274 MB` is 274,000,000 bytes.
 */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

/** Returns seconds as `45 s` or `3 min 20 s`. */
const duration = (seconds: number): string =>
  seconds < 60
    ? `${Math.ceil(seconds).toFixed(0)} s`
    : `${Math.floor(seconds / 60).toFixed(0)} min ${Math.round(seconds % 60).toFixed(0)} s`;

const partOf = (progress: Progress): string | undefined =>
  'what' in progress ? progress.what : undefined;

/**
 * Returns a function that formats progress as one line: amount, share, speed and time left, e.g.
 * `downloading TensorFlow: 61 of 274 MB, 22 %, 12.4 MB/s, 18 s left`. Speed is the mean since the
 * start of the phase. `now` in milliseconds.
 */
export function progressWriter(
  now: () => number = performance.now.bind(performance),
): (p: Progress) => string {
  let phase: Progress['phase'] | undefined;
  let part: string | undefined;
  let began = 0;
  let first = 0;
  return (progress) => {
    if (progress.phase === 'wait')
      return `another install is at work (process ${String(progress.by)}), waiting for it`;
    if (progress.phase !== phase || part !== partOf(progress)) {
      phase = progress.phase;
      part = partOf(progress);
      began = now();
      first = 'done' in progress ? progress.done : 0;
    }
    const what = part === undefined ? words[progress.phase] : `downloading ${part}`;
    if (!('done' in progress)) return what;
    const { done, total } = progress;
    const amount = `${what}: ${(done / 1e6).toFixed(0)} of ${megabytes(total)}, ${((100 * done) / total).toFixed(0)} %`;
    const speed = ((done - first) / Math.max(now() - began, 1)) * 1000; // bytes per second
    if (speed <= 0) return amount;
    return `${amount}, ${(speed / 1e6).toFixed(1)} MB/s, ${duration(Math.max(total - done, 0) / speed)} left`;
  };
}
