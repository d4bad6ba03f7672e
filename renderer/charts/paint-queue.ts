/**
 * Charts take turns: as many are painted in a frame as fit into it, so that all of them together
 * never make one long frame.
 */
const waiting = new Map<object, () => void>();
let frame = 0;

/** Milliseconds of a frame after which the next chart waits for the next frame. */
const BUDGET = 6;

function next(): void {
  frame = 0;
  const end = performance.now() + BUDGET;
  for (const [key, paint] of waiting) {
    waiting.delete(key);
    paint();
    if (performance.now() > end) break;
  }
  if (waiting.size > 0) frame ||= requestAnimationFrame(next);
}

const nothing = (): void => undefined;

/**
 * Paints in a coming frame; a second call with the same key replaces the first and keeps its turn, so
 * that none waits for ever while all change in every frame. Returns its undo.
 */
export function paintInTurn(key: object, paint: () => void): () => void {
  waiting.set(key, paint);
  frame ||= requestAnimationFrame(next);
  return () => {
    if (waiting.get(key) === paint) waiting.set(key, nothing);
  };
}
