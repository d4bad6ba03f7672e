import { liveLine } from '../base/live-line.js';
import type { DataProgress, OnDataProgress } from '../data/progress.ts';
import { size, span } from './report.ts';

/** Shows the progress of a data set on stderr; `end` clears the line. */
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
        `downloading ${size(done)}`,
        total === undefined ? '' : ` of ${size(total)}`,
        bytesPerSecond === undefined ? '' : `, ${size(bytesPerSecond)}/s`,
        secondsLeft === undefined ? '' : `, ${span(secondsLeft)} left`,
      ].join('');
    }
    case 'retry':
      return `${progress.reason}; trying again in ${progress.seconds} s`;
    case 'check':
      return `checking ${size(progress.done)} of ${size(progress.total)}`;
    case 'wait':
      return 'waiting for another process that decodes the same images';
    case 'decode':
      return `decoding ${progress.done} of ${progress.total} images`;
    case 'read':
      return `reading ${size(progress.done)} of ${size(progress.total)}`;
  }
}
