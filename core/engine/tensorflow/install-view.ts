import { LabError } from '../../base/errors.ts';
import { liveLine } from '../../base/live-line.js';
import { type InstallOptions, installLibrary, type LibraryStatus } from './library.ts';
import { progressWriter } from './progress.ts';

/** Where an install shows itself: normally `process.stderr`. */
export type Screen = Parameters<typeof liveLine>[0];

/**
 * `installLibrary` with a live line of its progress; ends with one line that says what is there now.
 * @throws what `installLibrary` throws, after the line is closed
 */
export async function installWithView(
  screen: Screen,
  options: Omit<InstallOptions, 'onProgress'> = {},
): Promise<LibraryStatus> {
  const line = liveLine(screen);
  const write = progressWriter();
  try {
    const status = await installLibrary({
      ...options,
      onProgress: (progress) => {
        line.show(write(progress));
      },
    });
    line.end(status.found);
    return status;
  } finally {
    line.end();
  }
}

/** A failed install in two sentences: what happened, and what to do. */
export const installProblem = (error: unknown): string => {
  if (error instanceof LabError) return `${error.message}\n${error.next}`;
  throw error;
};
