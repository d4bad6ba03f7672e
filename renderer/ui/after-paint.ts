/**
 * Calls back after the next frame is painted and before the following one: a chart that is made
 * then is painted in that one. Returns its undo.
 */
export function afterPaint(act: () => void): () => void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = act;
  const frame = requestAnimationFrame(() => {
    port2.postMessage(null);
  });
  return () => {
    cancelAnimationFrame(frame);
    port1.close();
  };
}
