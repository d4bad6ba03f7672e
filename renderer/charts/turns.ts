/** Charts take turns: one big canvas is painted per frame, so that six of them never make one long frame together. */
const waiting = new Map<object, () => void>();
let frame = 0;

function next(): void {
  frame = 0;
  const first = waiting.entries().next();
  if (first.done) return;
  const [key, paint] = first.value;
  waiting.delete(key);
  if (waiting.size > 0) frame = requestAnimationFrame(next);
  paint();
}

const nothing = (): void => undefined;

/**
 * Paints in a coming frame; a second wish of the same key replaces the first and keeps its turn, so that none waits
 * for ever while all change in every frame. Returns its undo.
 */
export function paintInTurn(key: object, paint: () => void): () => void {
  waiting.set(key, paint);
  frame ||= requestAnimationFrame(next);
  return () => {
    if (waiting.get(key) === paint) waiting.set(key, nothing);
  };
}
