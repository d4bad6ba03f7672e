import { LabError } from '../base/errors.ts';
import { gates } from '../gates/gates.ts';
import { type KindName, kindNames } from '../kinds/kinds.ts';
import { withLists, withModels } from './space.ts';
import type { EdgeLists, SearchSpace } from './space.ts';

/**
 * Applies a lock to a space. A lock is a short text: `2=resnet110` (the model of node 2) or
 * `2-1=correct` (the gate of the edge from 2 to 1, by name or letter); `+` joins several choices:
 * `0-3=T+X`. `2-1.kind=repel`, `2-1.weight=0.1+1` and `2-1.temperature=4` choose an edge's other
 * parts, and `2-1@1+2` its temperature too; the source `e` is the ensemble.
 *
 * @throws LabError `space.bad-lock`, and those of `parseSpace` for an unknown model
 */
export function withLock(space: SearchSpace, text: string): SearchSpace {
  const [, from, to, named, sign, written] =
    /^\s*(\d|e)(?:-(\d)(?:\.(kind|weight|temperature))?)?([=@])([\w.+-]+)\s*$/.exec(text) ?? [];
  const part = sign === '@' ? 'temperature' : named;
  if (from === undefined || written === undefined) {
    throw badLock(text, 'a node or an edge, "=", and its choices joined by "+"');
  }
  const choices = written.split('+');
  const source = from === 'e' ? space.nodes.length + 1 : Number(from);
  const destination = Number(to ?? from);
  if (to === undefined) {
    if (text.includes('@')) throw badLock(text, 'an edge before "@" and a temperature');
    if (!space.nodes[source - 1]) throw badLock(text, `a node from 1 to ${space.nodes.length}`);
    return withModels(space, source, choices);
  }
  if (!space.edges.some((edge) => edge.source === source && edge.destination === destination)) {
    throw badLock(text, `an edge from 0 (the label) to ${space.nodes.length} into another node`);
  }
  return withLists(space, source, destination, listOf(text, part, choices));
}

/** Returns the list of choices that a lock names. */
function listOf(text: string, part: string | undefined, choices: string[]): Partial<EdgeLists> {
  if (part === 'kind') return { kinds: choices.map((choice) => kindNamed(text, choice)) };
  const numbers = (): number[] => choices.map((choice) => numberIn(text, choice));
  if (part === 'weight') return { weights: numbers() };
  if (part === 'temperature') return { temperatures: numbers() };
  return { gates: choices.map((choice) => gateNamed(text, choice)) };
}

function kindNamed(text: string, written: string): KindName {
  const found = kindNames.find((name) => name === written.toLowerCase());
  if (!found) throw badLock(text, `kinds: ${kindNames.join(', ')}`);
  return found;
}

function numberIn(text: string, written: string): number {
  const value = Number(written);
  if (!Number.isFinite(value))
    throw badLock(text, 'a weight or temperature, or several joined by "+"');
  return value;
}

function gateNamed(text: string, written: string) {
  const found = gates.find(
    ({ name, letter }) => name === written.toLowerCase() || letter === written.toUpperCase(),
  );
  if (!found)
    throw badLock(
      text,
      `gates: ${gates.map(({ name, letter }) => `${name} (${letter})`).join(', ')}`,
    );
  return found.name;
}

const badLock = (text: string, expected: string): LabError =>
  new LabError('space.bad-lock', { text: text.slice(0, 60), expected });
