import { liveLine } from '../base/live-line.js';
import type { DataProgress, OnDataProgress } from '../data/progress.ts';
import { span } from './report.ts';

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** Shows on stderr how a data set comes; `end` clears the line. */
export function dataProgress(name: string): { onProgress: OnDataProgress; end: () => void } {
  const live = liveLine(process.stderr);
  return {
    onProgress: (progress) => {
      live.show(`${name}: ${words(progress)}`);
    },
    end: () => {
      live.end();
    },
  };
}

function words(progress: DataProgress): string {
  switch (progress.phase) {
    case 'download': {
      const { done, total, bytesPerSecond, secondsLeft } = progress;
      return [
        `downloading ${megabytes(done)}`,
        total === undefined ? '' : ` of ${megabytes(total)}`,
        bytesPerSecond === undefined ? '' : `, ${megabytes(bytesPerSecond)}/s`,
        secondsLeft === undefined ? '' : `, ${span(secondsLeft)} left`,
      ].join('');
    }
    case 'retry':
      return `${progress.reason}; trying again in ${progress.seconds} s`;
    case 'check':
      return `checking ${megabytes(progress.done)} of ${megabytes(progress.total)}`;
    case 'read':
      return `reading ${megabytes(progress.done)} of ${megabytes(progress.total)}`;
  }
}
