import { liveLine } from '../base/live-line.js';
import { type InstallOptions, installLibrary, type LibraryStatus } from './library.ts';
import { progressWriter } from './progress.ts';

/** Where an install shows itself: normally `process.stderr`. */
export type Screen = Parameters<typeof liveLine>[0];

/**
 * `installLibrary` with a live line of its progress, which is gone at the end.
 * @throws what `installLibrary` throws, after the line is closed
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
