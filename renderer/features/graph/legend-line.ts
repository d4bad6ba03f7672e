/**
 * How many items of these widths (pixels) stand on one line, `gap` apart: all of them, or, where
 * they do not fit, as many as leave room for a button of the width `more`.
 */
export function fittingOnLine(
  widths: readonly number[],
  { width, gap, more }: { width: number; gap: number; more: number },
): number {
  let end = -gap;
  const ends = widths.map((each) => (end += gap + each));
  return end <= width ? widths.length : ends.filter((each) => each + gap + more <= width).length;
}
