/** One filter for all views of a study: which trials are meant. Written as words, shown as chips. */
import { gates, isGateName, type GateName } from '../../core/gates/gates.ts';
import { isFrozen, nodeNumbers } from '../../core/graph/graph.ts';
import type { RunState, TrialRow } from '../../core/lab/api.ts';
import { passes, type Brushes, type Dimension } from '../charts/parallel.ts';
import { runStateNames, runStates } from '../parts/states.ts';

export type Condition =
  | { readonly kind: 'edge'; readonly source: number; readonly destination: number; readonly gate: GateName }
  | { readonly kind: 'frozen'; readonly wanted: boolean }
  | { readonly kind: 'state'; readonly state: RunState }
  /** Fractions of 1. */
  | { readonly kind: 'accuracy'; readonly relation: '>=' | '<='; readonly value: number }
  | { readonly kind: 'epoch'; readonly relation: '>=' | '<='; readonly value: number }
  | { readonly kind: 'model'; readonly text: string };

export interface TrialFilter {
  /** All must hold; of states, one. */
  readonly conditions: readonly Condition[];
  readonly brushes: Brushes;
}

export const everything: TrialFilter = { conditions: [], brushes: {} };

export const isEverything = ({ conditions, brushes }: TrialFilter): boolean =>
  conditions.length === 0 && Object.keys(brushes).length === 0;

const holds = (row: TrialRow, condition: Condition): boolean => {
  switch (condition.kind) {
    case 'edge': {
      const { source, destination, gate } = condition;
      return row.graph.edges.some(
        (edge) => edge.source === source && edge.destination === destination && edge.gate === gate,
      );
    }
    case 'frozen':
      return nodeNumbers(row.graph).some((node) => isFrozen(row.graph, node)) === condition.wanted;
    case 'state':
      return row.state === condition.state;
    case 'accuracy':
      return row.accuracy !== null && compare(row.accuracy, condition.relation, condition.value);
    case 'epoch':
      return compare(row.epoch, condition.relation, condition.value);
    case 'model':
      return row.graph.nodes.some(({ model }) => model.includes(condition.text));
  }
};

const compare = (value: number, relation: '>=' | '<=', limit: number): boolean =>
  relation === '>=' ? value >= limit : value <= limit;

/** Does a trial fit? `dimensions` are those that brushes name. */
export function fits(row: TrialRow, filter: TrialFilter, dimensions: readonly Dimension[]): boolean {
  const states = filter.conditions.filter((condition) => condition.kind === 'state');
  const others = filter.conditions.filter((condition) => condition.kind !== 'state');
  return (
    (states.length === 0 || states.some((condition) => holds(row, condition))) &&
    others.every((condition) => holds(row, condition)) &&
    passes(row, dimensions, filter.brushes)
  );
}

/** As it is typed and shown: "edge 2->1 = Correct", "has frozen node", "accuracy >= 60 %". */
export function conditionText(condition: Condition): string {
  switch (condition.kind) {
    case 'edge':
      return `edge ${condition.source}->${condition.destination} = ${gates.find((gate) => gate.name === condition.gate)!.title}`;
    case 'frozen':
      return condition.wanted ? 'has frozen node' : 'no frozen node';
    case 'state':
      return runStates[condition.state].title;
    case 'accuracy':
      return `accuracy ${condition.relation} ${Number((condition.value * 100).toFixed(4))} %`;
    case 'epoch':
      return `epochs ${condition.relation} ${condition.value}`;
    case 'model':
      return `model ${condition.text}`;
  }
}

export const examples = [
  'edge 2->1 = Correct',
  'has frozen node',
  'completed',
  'accuracy >= 60 %',
  'epochs >= 8',
  'model wrn',
];

/** Understands what `conditionText` writes, and shorter forms: "0->1=T", "frozen", "acc>60". Null when it does not. */
export function parseCondition(text: string): Condition | null {
  const words = text.trim().toLowerCase();
  const edge = /^(?:edge\s*)?(label|\d)\s*(?:->|→|-)\s*(\d)\s*=\s*(\w+)$/.exec(words);
  if (edge) {
    const [, from, to, written] = edge;
    const gate = gates.find(({ name, letter }) => name === written || letter.toLowerCase() === written)?.name;
    const source = from === 'label' ? 0 : Number(from);
    if (!isGateName(gate) || source === Number(to)) return null;
    return { kind: 'edge', source, destination: Number(to), gate };
  }
  if (/^(has )?frozen( nodes?)?$/.test(words)) return { kind: 'frozen', wanted: true };
  if (/^(no|not) frozen( nodes?)?$/.test(words)) return { kind: 'frozen', wanted: false };
  const state = runStateNames.find((name) => name === words || runStates[name].title === words);
  if (state) return { kind: 'state', state };
  const number = /^(acc(?:uracy)?|epochs?)\s*(>=|<=|>|<|≥|≤)\s*(\d+(?:\.\d+)?)\s*%?$/.exec(words);
  if (number) {
    const relation = /[>≥]/.test(number[2]!) ? '>=' : '<=';
    const value = Number(number[3]);
    return number[1]!.startsWith('acc')
      ? { kind: 'accuracy', relation, value: value / 100 }
      : { kind: 'epoch', relation, value };
  }
  const model = /^(?:model\s+)([\w-]{1,30})$/.exec(words);
  return model ? { kind: 'model', text: model[1]! } : null;
}

/** What a brush means, for its chip. */
export function brushText(dimension: Dimension, [low, high]: readonly [number, number]): string {
  if (dimension.choices) {
    const inside = dimension.choices.filter((_, i) => i >= low && i <= high).map(({ text }) => text);
    return `${dimension.title}: ${inside.join(', ') || 'nothing'}`;
  }
  if (dimension.key === 'accuracy')
    return `accuracy ${(low * 100).toFixed(1)} to ${(high * 100).toFixed(1)} %`;
  return `epochs ${Math.ceil(2 ** low - 1e-9)} to ${Math.floor(2 ** high + 1e-9)}`;
}

/** A filter as it stands in an address: conditions and brushes, parted by semicolons; '' lets everything pass. */
export const filterText = ({ conditions, brushes }: TrialFilter): string =>
  [
    ...conditions.map(conditionText),
    ...Object.entries(brushes).map(([key, range]) => `brush ${key} ${range.map(short).join('..')}`),
  ].join('; ');

/** Understands what `filterText` writes; what it does not understand lets everything pass. */
export function parseFilter(text: string): TrialFilter {
  const conditions: Condition[] = [];
  const brushes: Record<string, readonly [number, number]> = {};
  for (const part of text.split(';').map((each) => each.trim())) {
    const brush = /^brush ([\w -]{1,30}) (-?[\d.]{1,25})\.\.(-?[\d.]{1,25})$/.exec(part);
    const condition = brush ? null : parseCondition(part);
    if (condition) conditions.push(condition);
    else if (brush) brushes[brush[1]!] = [Number(brush[2]), Number(brush[3])];
  }
  return { conditions, brushes };
}

/** Enough digits to find the same trials again. */
const short = (value: number): string => String(Number(value.toFixed(5)));
