/**
 * Lets work go on that nobody waits for. A failure is a bug: it is written to standard error, and
 * the process goes on, which may hold runs of others. Expected failures are handled before.
 */
export function inBackground(work: PromiseLike<unknown> | undefined): void {
  work?.then(undefined, (error: unknown) => {
    console.error('Work in the background failed:', error);
  });
}
