/**
 * Charts take turns: as many are painted in a frame as fit into it, so that all of them together
 * never make one long frame. A chart that is out of view waits until it comes into view.
 */
const waiting = new Map<Element, () => void>();
let frame = 0;

/** Milliseconds of a frame after which the next chart waits for the next frame. */
const BUDGET = 6;
/** Watches the waiting charts that are out of view. */
const appearance = new IntersectionObserver((entries) => {
  if (entries.some(({ isIntersecting }) => isIntersecting)) ask();
});

// Paper shows all of them.
window.addEventListener('beforeprint', () => {
  for (const [chart, paint] of waiting) {
    appearance.unobserve(chart);
    paint();
  }
  waiting.clear();
});

function ask(): void {
  frame ||= requestAnimationFrame(next);
}

function next(): void {
  frame = 0;
  const end = performance.now() + BUDGET;
  for (const [chart, paint] of waiting) {
    if (performance.now() > end) {
      ask();
      return;
    }
    if (!isInView(chart)) {
      appearance.observe(chart);
      continue;
    }
    waiting.delete(chart);
    appearance.unobserve(chart);
    paint();
  }
}

function isInView(chart: Element): boolean {
  const { top, bottom } = chart.getBoundingClientRect();
  return bottom >= 0 && top <= window.innerHeight;
}

const nothing = (): void => undefined;

/**
 * Paints in a coming frame; a second call for the same chart replaces the first and keeps its turn,
 * so that none waits for ever while all change in every frame. Returns its undo.
 */
export function paintInTurn(chart: Element, paint: () => void): () => void {
  waiting.set(chart, paint);
  ask();
  return () => {
    if (waiting.get(chart) === paint) waiting.set(chart, nothing);
  };
}
