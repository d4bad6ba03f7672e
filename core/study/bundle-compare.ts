import { graphKey } from '../graph/canonical.ts';
import { type Graph, isFrozen, nodeNumbers, nodeOf } from '../graph/graph.ts';
import type { Bundle } from './bundle.ts';
import { type EnvironmentField, likenessOf, repeatsBits } from './likeness.ts';

/** What bits depend on beside plan, graph and seed. */
export type Circumstance = EnvironmentField | 'environment' | 'teachers';

/** One number of a bundle beside the number that was found now. */
export interface Compared {
  variant: string;
  seed: number;
  expected: number;
  /** null where the run has no result. */
  found: number | null;
  /** The first epoch whose accuracies are not the same to the last bit; null for none. */
  parting: Parting | null;
  /** All circumstances are known and the same, so every bit has to be the same. */
  mustEqual: boolean;
  /** Circumstances that are not the same, and those that a record does not tell. */
  differ: Circumstance[];
  unknown: Circumstance[];
}

interface Parting {
  epoch: number;
  expected: number | null;
  found: number | null;
}

type Result = Bundle['results'][number];

/**
 * Returns the numbers of a bundle beside those of the same graphs and seeds in another one.
 *
 * @param found null while none of its runs has a result
 */
export function comparedWith(bundle: Bundle, found: Bundle | null): Compared[] {
  const keyOf = ({ variants }: Bundle, { variant, seed }: Result): string =>
    `${graphKey(variants[variant]!.graph)} ${seed}`;
  const results = new Map(found?.results.map((result) => [keyOf(found, result), result]));
  return bundle.results.map((result) => {
    const { name, graph } = bundle.variants[result.variant]!;
    const now = results.get(keyOf(bundle, result));
    const pair = { variant: name, seed: result.seed, expected: result.accuracy };
    if (!found || !now)
      return { ...pair, found: null, parting: null, mustEqual: false, differ: [], unknown: [] };
    return {
      ...{ ...pair, found: now.accuracy, parting: partingOf(result, now, bundle.training.epochs) },
      ...circumstances({ bundle, result }, { bundle: found, result: now }, graph),
    };
  });
}

function partingOf(before: Result, now: Result, epochs: number): Parting | null {
  const at = before.curve.findIndex((each, epoch) => each !== (now.curve[epoch] ?? null));
  if (at >= 0) return { epoch: at + 1, expected: before.curve[at]!, found: now.curve[at] ?? null };
  if (before.accuracy === now.accuracy) return null;
  return { epoch: epochs, expected: before.accuracy, found: now.accuracy };
}

interface Made {
  bundle: Bundle;
  result: Result;
}

function circumstances(
  before: Made,
  now: Made,
  graph: Graph,
): Pick<Compared, 'mustEqual' | 'differ' | 'unknown'> {
  const [old, own] = [before, now].map(({ bundle, result }) =>
    result.environment === null ? null : (bundle.environments[result.environment] ?? null),
  );
  const likeness: Pick<Compared, 'differ' | 'unknown'> =
    old && own ? likenessOf(old, own) : { differ: [], unknown: ['environment'] };
  const teachers = teachersOf(graph).map((model) => {
    const [one, other] = [before, now].map(({ bundle }) =>
      bundle.teachers?.find((each) => each.model === model),
    );
    return one && other ? one.sha256 === other.sha256 : null;
  });
  const differ: Circumstance[] = [
    ...likeness.differ,
    ...(teachers.includes(false) ? (['teachers'] as const) : []),
  ];
  const unknown: Circumstance[] = [
    ...likeness.unknown,
    ...(teachers.includes(null) ? (['teachers'] as const) : []),
  ];
  const isAlike = differ.length + unknown.length === 0;
  return { mustEqual: isAlike && !!own && repeatsBits(own), differ, unknown };
}

/** Models of the pretrained networks that frozen nodes of a graph load. */
const teachersOf = (graph: Graph): string[] => [
  ...new Set(
    nodeNumbers(graph)
      .filter((node) => isFrozen(graph, node))
      .map((node) => nodeOf(graph, node).model),
  ),
];
