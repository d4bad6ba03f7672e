/**
 * Returns a function that runs the work soon: many calls in one turn of the event loop lead to one
 * run, and never within a call.
 */
export function onceATurn(work: () => void): () => void {
  let isWaiting = false;
  return () => {
    if (isWaiting) return;
    isWaiting = true;
    setImmediate(() => {
      isWaiting = false;
      work();
    });
  };
}
