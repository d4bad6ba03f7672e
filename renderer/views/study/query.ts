/**
 * What is typed into the filter of a study: conditions, or the trial to go to; and what could be
 * typed next.
 */
import { gates } from '../../../core/gates/gates.ts';
import type { TrialRow } from '../../../core/lab/api.ts';
import { runStateNames, runStates } from '../../words/states.ts';
import { fits, parseCondition, type Condition } from './filter.ts';

export type Query =
  | { readonly kind: 'go'; readonly trial: number | 'best' }
  | { readonly kind: 'filter'; readonly conditions: readonly Condition[] }
  /** The part that is not understood. */
  | { readonly kind: 'unknown'; readonly part: string };

/** Between conditions: a comma, a semicolon, `and`, `&`. */
const BETWEEN = /\s*(?:[,;&]|\band\b)\s*/i;

/**
 * `700`, `#700`, `trial 700` and `best` lead to a trial; all else is conditions, in the words of
 * `parseCondition`.
 */
export function parseQuery(text: string): Query {
  const words = text.trim();
  const trial = /^(?:#|trial\s*#?)?\s*(\d{1,7})$/i.exec(words);
  if (trial) return { kind: 'go', trial: Number(trial[1]) };
  if (/^best$/i.test(words)) return { kind: 'go', trial: 'best' };
  const conditions: Condition[] = [];
  for (const part of words.split(BETWEEN).filter(Boolean)) {
    const condition = parseCondition(part);
    if (!condition) return { kind: 'unknown', part };
    conditions.push(condition);
  }
  return conditions.length > 0 ? { kind: 'filter', conditions } : { kind: 'unknown', part: words };
}

export interface Suggestion {
  /** The whole text of the field with the suggestion in it. */
  readonly text: string;
  /** The suggestion alone. */
  readonly words: string;
  /** Trials that pass all conditions of the text; null of a way to a trial. */
  readonly count: number | null;
}

/** Suggestions that are shown at a time. */
const SHOWN = 8;

/**
 * What the condition that is being typed could become, with how many of the trials would pass; only
 * what some would.
 */
export function suggestionsFor(text: string, rows: readonly TrialRow[]): Suggestion[] {
  const typed = text.split(BETWEEN).at(-1)!;
  const before = text.slice(0, text.length - typed.length);
  const earlier = before.split(BETWEEN).flatMap((part) => parseCondition(part) ?? []);
  const inside = rows.filter((row) => fits(row, { conditions: earlier, brushes: {} }, []));
  const found: Suggestion[] = [];
  for (const words of ranked(candidates(rows), typed)) {
    const condition = parseCondition(words);
    const passing = condition
      ? inside.filter((row) => fits(row, { conditions: [condition], brushes: {} }, [])).length
      : null;
    if (passing === 0 || (passing === null && before !== '')) continue;
    found.push({ text: before + words, words, count: passing });
    if (found.length === SHOWN) break;
  }
  return found;
}

/** Those that hold what was typed; those that begin with it first. Spaces do not count. */
function ranked(all: readonly string[], typed: string): string[] {
  const plain = (text: string): string =>
    text.toLowerCase().replace(/→/g, '->').replace(/\s+/g, '');
  const wanted = plain(typed).replace(/^edge/, '').replace(/^l->/, 'label->');
  const place = (text: string): number => plain(text).indexOf(wanted);
  return all
    .map((text) => ({ text, at: place(text) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => Number(a.at > 0) - Number(b.at > 0))
    .map(({ text }) => text);
}

/** Everything that can be asked of these trials, the most usual first. */
function candidates(rows: readonly TrialRow[]): string[] {
  const size = Math.max(0, ...rows.map(({ graph }) => graph.nodes.length));
  const nodes = Array.from({ length: size }, (_, at) => at + 1);
  const modelsOf = (node: number): string[] => [
    ...new Set(rows.flatMap(({ graph }) => graph.nodes[node - 1]?.model ?? [])),
  ];
  const models = [...new Set(nodes.flatMap(modelsOf))].sort();
  const epochs = [...new Set(rows.map(({ epoch }) => epoch))].sort((a, b) => b - a);
  const edges = nodes.flatMap((to) =>
    [0, ...nodes]
      .filter((from) => from !== to)
      .map((from) => `${from === 0 ? 'Label' : from}->${to}`),
  );
  const tags = [...new Set(rows.flatMap((row) => row.tags ?? []))].sort();
  return [
    'best',
    ...tags.map((tag) => `tag = ${tag}`),
    ...runStateNames.map((state) => runStates[state].title),
    ...models,
    'has frozen node',
    'no frozen node',
    'has notes',
    ...edges,
    ...edges.flatMap((edge) => gates.map(({ title }) => `${edge} = ${title}`)),
    ...nodes.flatMap((node) => modelsOf(node).map((model) => `node ${node} = ${model}`)),
    ...epochs.map((epoch) => `epochs ${epoch}`),
  ];
}
