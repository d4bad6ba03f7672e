/**
 * One filter for all views of a study: which trials are meant. Written as words, shown as chips.
 */
import { gate as gateOf, gates, isGateName, type GateName } from '../../../core/gates/gates.ts';
import { isFrozen, nodeNumbers } from '../../../core/graph/graph.ts';
import type { RunState, TrialRow } from '../../../core/lab/api.ts';
import { modelNames } from '../../../core/models/architecture.ts';
import { passes, type Brushes, type Dimension } from '../../charts/dimensions.ts';
import { runStateNames, runStates } from '../../words/states.ts';

export type Condition =
  | {
      readonly kind: 'edge';
      readonly source: number;
      readonly destination: number;
      readonly gate: GateName;
    }
  /** Any gate but Cutoff. */
  | { readonly kind: 'open'; readonly source: number; readonly destination: number }
  | { readonly kind: 'frozen'; readonly wanted: boolean }
  | { readonly kind: 'state'; readonly state: RunState }
  /** Fractions of 1. */
  | { readonly kind: 'accuracy'; readonly relation: '>=' | '<='; readonly value: number }
  | { readonly kind: 'epoch'; readonly relation: '>=' | '<=' | '='; readonly value: number }
  /** Of any node. */
  | { readonly kind: 'model'; readonly text: string }
  | { readonly kind: 'node'; readonly node: number; readonly text: string }
  | { readonly kind: 'tag'; readonly tag: string }
  /** Has notes or tags. */
  | { readonly kind: 'noted' };

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
    case 'edge':
      return gateOn(row, condition) === condition.gate;
    case 'open': {
      const gate = gateOn(row, condition);
      return gate !== undefined && gate !== 'cutoff';
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
      return row.graph.nodes.some(({ model }) => isNamed(model, condition.text));
    case 'node': {
      const node = row.graph.nodes[condition.node - 1];
      return node !== undefined && isNamed(node.model, condition.text);
    }
    case 'tag':
      return row.tags?.includes(condition.tag) === true;
    case 'noted':
      return row.notes !== undefined || row.tags !== undefined;
  }
};

const gateOn = (
  { graph }: TrialRow,
  { source, destination }: { source: number; destination: number },
) => graph.edges.find((edge) => edge.source === source && edge.destination === destination)?.gate;

/**
 * Is the text a part of a network's name? A number in it is meant as a whole: `resnet11` is not
 * ResNet110.
 */
function isNamed(model: string, text: string): boolean {
  const at = model.indexOf(text);
  return at >= 0 && !(/\d$/.test(text) && /^\d/.test(model.slice(at + text.length)));
}

function compare(value: number, relation: '>=' | '<=' | '=', limit: number): boolean {
  if (relation === '=') return value === limit;
  return relation === '>=' ? value >= limit : value <= limit;
}

/** Does a trial fit? `dimensions` are those that brushes name. */
export function fits(
  row: TrialRow,
  filter: TrialFilter,
  dimensions: readonly Dimension[],
): boolean {
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
      return `${edgeText(condition)} = ${gateOf(condition.gate).title}`;
    case 'open':
      return `${edgeText(condition)} open`;
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
    case 'node':
      return `node ${condition.node} = ${condition.text}`;
    case 'tag':
      return `tag = ${condition.tag}`;
    case 'noted':
      return 'has notes';
  }
}

const edgeText = ({ source, destination }: { source: number; destination: number }): string =>
  `edge ${source === 0 ? 'Label' : source}->${destination}`;

export const examples = [
  'edge 2->1 = Correct',
  'Label->1',
  'wrn',
  'node 2 = resnet14',
  'has frozen node',
  'completed',
  'accuracy >= 60 %',
  'epochs 200',
  'tag = baseline',
  'best',
  '#7',
];

/**
 * Understands what `conditionText` writes, and shorter forms: "L->1=T", "2->1", "frozen", "acc>60",
 * "epochs 8", "wrn", "state = failed", "tag = good". Null when it does not.
 */
export function parseCondition(text: string): Condition | null {
  const words = text.trim().toLowerCase();
  return (
    parseEdge(words) ??
    parseFrozen(words) ??
    parseTag(words) ??
    parseState(words.replace(/^state\s*[=:]?\s*/, '')) ??
    parseNumber(words) ??
    parseModel(words)
  );
}

function parseEdge(words: string): Condition | null {
  const edge = /^(?:edge\s*)?(label|l|\d)\s*(?:->|→|-)\s*(\d)(?:\s*=\s*([\w -]+)|\s+open)?$/.exec(
    words,
  );
  if (!edge) return null;
  const [, from = '', to, written] = edge;
  const [source, destination] = [from.startsWith('l') ? 0 : Number(from), Number(to)];
  if (source === destination || destination === 0) return null;
  if (written === undefined) return { kind: 'open', source, destination };
  const wanted = written.replace(/\s+/g, '-'); // the title is the name with spaces
  const gate = gates.find(
    ({ name, letter }) => name === wanted || letter.toLowerCase() === wanted,
  )?.name;
  return isGateName(gate) ? { kind: 'edge', source, destination, gate } : null;
}

function parseFrozen(words: string): Condition | null {
  if (/^(has )?frozen( nodes?)?$/.test(words)) return { kind: 'frozen', wanted: true };
  return /^(no|not) frozen( nodes?)?$/.test(words) ? { kind: 'frozen', wanted: false } : null;
}

function parseTag(words: string): Condition | null {
  if (/^has (a )?(notes?|tags?)$/.test(words)) return { kind: 'noted' };
  const tag = /^tag\s*[=:]?\s*([\p{L}\p{N}][\p{L}\p{N}._/-]{0,39})$/u.exec(words)?.[1];
  return tag === undefined ? null : { kind: 'tag', tag };
}

function parseState(words: string): Condition | null {
  const state = runStateNames.find((name) => name === words || runStates[name].title === words);
  return state ? { kind: 'state', state } : null;
}

function parseNumber(words: string): Condition | null {
  const number = /^(acc(?:uracy)?|epochs?)\s*(>=|<=|>|<|≥|≤|=)?\s*(\d+(?:\.\d+)?)\s*%?$/.exec(
    words,
  );
  if (!number) return null;
  const [, what = '', sign = '=', written] = number;
  const value = Number(written);
  const relation = /[>≥]/.test(sign) ? '>=' : /[<≤]/.test(sign) ? '<=' : '=';
  if (what.startsWith('epoch')) return { kind: 'epoch', relation, value };
  return relation === '=' ? null : { kind: 'accuracy', relation, value: value / 100 };
}

function parseModel(words: string): Condition | null {
  const node = /^node\s*(\d)\s*[=:]?\s*([\w-]{1,30})$/.exec(words);
  if (node && node[1] !== '0') return { kind: 'node', node: Number(node[1]), text: node[2]! };
  const model = /^(model\s+)?([\w-]{1,30})$/.exec(words);
  if (!model) return null;
  const text = model[2]!;
  return model[1] !== undefined || isModelName(text) ? { kind: 'model', text } : null;
}

/**
 * Without the word "model" before it a text must look like a network: `wrn`, `resnet`, `resnet14`,
 * `wrn-28-2`.
 */
const isModelName = (text: string): boolean =>
  /^[a-z]{2}/.test(text) &&
  (/^(resnet|wrn)[\d-]*$/.test(text) || modelNames.some((name) => name.startsWith(text)));

/** What a brush means, for its chip. */
export function brushText(dimension: Dimension, [low, high]: readonly [number, number]): string {
  if (dimension.choices) {
    const inside = dimension.choices
      .filter((_, i) => i >= low && i <= high)
      .map(({ text }) => text);
    return `${dimension.title}: ${inside.join(', ') || 'nothing'}`;
  }
  const rung = /^rung (\d+)$/.exec(dimension.key)?.[1];
  if (dimension.key === 'accuracy' || rung !== undefined) {
    const place = rung === undefined ? '' : ` at epoch ${rung}`;
    return `accuracy${place} ${(low * 100).toFixed(1)} to ${(high * 100).toFixed(1)} %`;
  }
  return `epochs ${Math.ceil(2 ** low - 1e-9)} to ${Math.floor(2 ** high + 1e-9)}`;
}

/**
 * A filter as it stands in an address: conditions and brushes, parted by semicolons; '' lets
 * everything pass.
 */
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
