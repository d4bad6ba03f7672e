/** A run as a strip of figures: the same graph at a few of its epochs, with the accuracies there. */
import type { Graph } from '../../../core/graph/graph.ts';
import type { WireEpoch } from '../../../core/lab/api.ts';
import { FONT } from '../../charts/marks.ts';
import { light } from '../../ui/colors.ts';
import { escapeText } from '../../ui/escape-text.ts';
import { figure } from './figure.ts';
import { filmFrame } from './film.ts';
import { round } from './geometry.ts';
import { figureParts } from './svg.ts';

const [FRAMES, GAP, HEAD] = [4, 24, 26];

/** At most four epochs from the first to the last, the ones between by the logarithm of epochs. */
export function stripEpochs(count: number): number[] {
  const steps = Array.from({ length: FRAMES }, (_, i) => Math.round(count ** (i / (FRAMES - 1))));
  return [...new Set(steps.map((epoch) => Math.max(1, Math.min(count, epoch))))];
}

/** The figures side by side as one SVG text, with the epoch above each. */
export function stripSvg(
  graph: Graph,
  epochs: readonly WireEpoch[],
  {
    title,
    total,
    provenance,
  }: {
    title: string;
    /** Epochs of the whole run. */
    total: number;
    provenance: Readonly<Record<string, unknown>>;
  },
): string {
  const frames = stripEpochs(epochs.length).map((number) => {
    const { epoch } = epochs[number - 1]!;
    const film = filmFrame(graph, epochs, total, number);
    const shown = figure(graph, film.accuracies, { votes: true });
    const [left, top, width, height] = shown.viewBox;
    return { epoch, inner: figureParts(shown, 'light', 1, film), left, top, width, height };
  });
  const high = HEAD + Math.max(0, ...frames.map(({ height }) => height));
  let x = 0;
  const parts = frames.map(({ epoch, inner, left, top, width }) => {
    const place = `translate(${round(x - left)} ${round(HEAD - top)})`;
    const middle = round(x + width / 2);
    x += width + GAP;
    return (
      `<text x="${middle}" y="17" font-size="15" font-weight="bold" text-anchor="middle">` +
      `epoch ${epoch}</text>\n<g transform="${place}">\n${inner}\n</g>`
    );
  });
  const wide = round(Math.max(1, x - GAP));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${round(high)}" ` +
      `viewBox="0 0 ${wide} ${round(high)}" font-family="${FONT}" fill="${light.text}">`,
    `<title>${escapeText(title)}</title>`,
    `<metadata>${escapeText(JSON.stringify(provenance))}</metadata>`,
    ...parts,
    '</svg>',
  ].join('\n');
}
