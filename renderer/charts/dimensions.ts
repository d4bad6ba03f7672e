/** What parallel coordinates and the filter can compare of trials: choices and results. */
import { gate as gateOf, type GateName, withPaperGates } from '../../core/gates/gates.ts';
import {
  edgeOf,
  kindOf,
  LABEL,
  temperatureOf,
  weightOf,
  type Edge,
  type Graph,
} from '../../core/graph/graph.ts';
import { kind as kindOfName } from '../../core/kinds/kinds.ts';
import type { TrialRow, WireCurve } from '../../core/lab/api.ts';
import { architecture } from '../../core/models/architecture.ts';
import { modelTitle } from '../words/graph.ts';
import { valueAt } from './tournament-columns.ts';

interface Choice {
  readonly text: string;
  /** Where axes stand close. */
  readonly short?: string;
  readonly color?: string;
}

/** A quantity with an axis of its own. Values of a choice are indices into `choices`. */
export interface Dimension {
  /** `edge 2-1`, `kind 2-1`, `model 2`, `accuracy`, `epoch`, `rung 4` */
  readonly key: string;
  readonly title: string;
  readonly choices: readonly Choice[] | null;
  /** null: the trial has no such value. */
  readonly value: (row: TrialRow) => number | null;
}

/** All dimensions of a study's graphs, then what came of them. */
export function dimensionsOf(rows: readonly TrialRow[]): Dimension[] {
  const size = Math.max(0, ...rows.map((row) => row.graph.nodes.length));
  const dimensions: Dimension[] = [];
  for (let node = 1; node <= size; node++) {
    const models = [...new Set(rows.map((row) => row.graph.nodes[node - 1]?.model ?? ''))].sort();
    if (models.length < 2) continue;
    const index = new Map(models.map((model, i) => [model, i]));
    dimensions.push({
      key: `model ${node}`,
      title: `node ${node}`,
      choices: models.map((model) => ({ text: modelTitle(model), short: shortTitle(model) })),
      value: (row) => index.get(row.graph.nodes[node - 1]?.model ?? '') ?? null,
    });
  }
  const shown = withPaperGates(rows.flatMap(({ graph }) => graph.edges.map(({ gate }) => gate)));
  const gateIndex = new Map<GateName, number>(shown.map((name, i) => [name, i]));
  const choices = shown.map((name) => ({
    text: gateOf(name).letter,
    color: gateOf(name).color,
  }));
  for (let destination = 1; destination <= size; destination++) {
    for (let source = 0; source <= size; source++) {
      if (source === destination) continue;
      dimensions.push({
        key: `edge ${source}-${destination}`,
        title: `${source === 0 ? 'L' : source}→${destination}`,
        choices,
        value: ({ graph }) =>
          graph.nodes.length === size
            ? (gateIndex.get(edgeOf(graph, source, destination).gate) ?? null)
            : null,
      });
    }
  }
  dimensions.push(
    ...partDimensions(rows, size),
    {
      key: 'epoch',
      title: 'epochs',
      choices: null,
      value: (row) => Math.log2(Math.max(1, row.epoch)),
    },
    { key: 'accuracy', title: 'acc. %', choices: null, value: (row) => row.accuracy },
  );
  return dimensions;
}

const PARTS = ['kind', 'weight', 'temperature'] as const;
/** Axes stand close: weights and temperatures have their signs, as in figures. */
const signs = { kind: 'kind', weight: '×', temperature: 'τ' } as const;

/**
 * Kinds, weights and temperatures that differ among the trials. An edge that is Cutoff has none, and
 * one whose kind compares stages has no temperature.
 */
function partDimensions(rows: readonly TrialRow[], size: number): Dimension[] {
  const graphs = rows.map(({ graph }) => graph).filter(({ nodes }) => nodes.length === size);
  const ends = graphs[0]?.edges.filter(({ source }) => source <= size) ?? [];
  return ends.flatMap(({ source, destination }) =>
    PARTS.flatMap((part): Dimension[] => {
      const of = (graph: Graph): string | null =>
        graph.nodes.length === size ? partText(edgeOf(graph, source, destination), part) : null;
      const found = [...new Set(graphs.map(of))].filter((text) => text !== null);
      if (found.length < 2) return [];
      const texts = part === 'kind' ? found.sort() : found.sort((a, b) => Number(a) - Number(b));
      const index = new Map(texts.map((text, at) => [text, at]));
      const title = `${source === LABEL ? 'L' : source}→${destination}`;
      return [
        {
          key: `${part} ${source}-${destination}`,
          title: `${signs[part]} ${title}`,
          choices: texts.map((text) => ({ text: part === 'kind' ? kindOfName(text).title : text })),
          value: ({ graph }) => index.get(of(graph) ?? '') ?? null,
        },
      ];
    }),
  );
}

/** null where the part means nothing. */
function partText(edge: Edge, part: (typeof PARTS)[number]): string | null {
  if (edge.gate === 'cutoff') return null;
  if (part === 'kind') return kindOf(edge);
  if (part === 'weight') return String(weightOf(edge));
  return kindOfName(kindOf(edge)).compares === 'answers' ? String(temperatureOf(edge)) : null;
}

/** The accuracy that counts at some epochs, to be brushed; no axes of the usual choice. */
export const rungDimensions = (
  epochs: readonly number[],
  curves: ReadonlyMap<number, WireCurve>,
): Dimension[] =>
  epochs.map((epoch) => ({
    key: `rung ${epoch}`,
    title: `acc. at ${epoch}`,
    choices: null,
    value: (row) => valueAt(row, curves, epoch),
  }));

/** The same dimensions, those of a graph by their importance, the greatest first. */
export function byImportance(
  dimensions: readonly Dimension[],
  importance: ReadonlyMap<string, number>,
): Dimension[] {
  const result = (key: string): boolean => !/^(model|edge|kind|weight|temperature)/.test(key);
  const of = ({ key }: Dimension): number => (result(key) ? -1 : (importance.get(key) ?? 0));
  return dimensions.toSorted((a, b) => of(b) - of(a));
}

/** R32, R110, W28-2 */
const shortTitle = (model: string): string => architecture(model).short;

/**
 * The axes that fit on a screen: everything for small graphs, else the first of the graph's and the
 * results.
 */
const MOST = 16;

export function defaultDimensions(dimensions: readonly Dimension[]): string[] {
  const usual = dimensions.filter(({ key }) => !key.startsWith('rung'));
  const few = usual.length <= MOST ? usual : [...usual.slice(0, MOST - 2), ...usual.slice(-2)];
  return few.map(({ key }) => key);
}

/**
 * Values that an interval on an axis lets pass, by dimension; of a choice the interval is over
 * indices.
 */
export type Brushes = Readonly<Record<string, readonly [low: number, high: number]>>;

export const passes = (
  row: TrialRow,
  dimensions: readonly Dimension[],
  brushes: Brushes,
): boolean =>
  dimensions.every(({ key, value }) => {
    const brush = brushes[key];
    if (!brush) return true;
    const at = value(row);
    return at !== null && at >= brush[0] && at <= brush[1];
  });
