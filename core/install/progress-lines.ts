import { liveLine } from '../base/live-line.js';
import { type InstallOptions, installLibrary } from './library.ts';
import { type LibraryStatus } from './library-status.ts';
import { progressWriter } from './progress.ts';

/** Output of an install's progress: normally `process.stderr`. */
export type Screen = Parameters<typeof liveLine>[0];

/**
 * Runs `installLibrary` with a line of progress, which is cleared at the end.
 * @throws the errors of `installLibrary`, after the line is cleared
 */
export async function installWithView(
  screen: Screen,
  options: Omit<InstallOptions, 'onProgress'> = {},
): Promise<LibraryStatus> {
  const line = liveLine(screen);
  const write = progressWriter();
  try {
    return await installLibrary({
      ...options,
      onProgress: (progress) => {
        line.show(write(progress));
      },
    });
  } finally {
    line.end();
  }
}
