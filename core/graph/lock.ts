import { LabError } from '../base/errors.ts';
import { gates } from '../gates/gates.ts';
import { withGates, withModels, withTemperatures } from './space.ts';
import type { SearchSpace } from './space.ts';

/**
 * Applies a lock to a space. A lock is a short text: `2=resnet110` (the model of node 2) or
 * `2-1=correct` (the gate of the edge from 2 to 1, by name or letter) or `2-1@2` (its temperature);
 * `+` joins several choices: `0-3=T+X`, `2-1@1+2`.
 *
 * @throws LabError `space.bad-lock`, and those of `parseSpace` for an unknown model
 */
export function withLock(space: SearchSpace, text: string): SearchSpace {
  const [, from, to, written] = /^\s*(\d)(?:-(\d))?[=@]([\w+.-]+)\s*$/.exec(text) ?? [];
  if (from === undefined || written === undefined) {
    throw badLock(text, 'a node or an edge, "=", and its choices joined by "+"');
  }
  const choices = written.split('+');
  const [source, destination] = [Number(from), Number(to ?? from)];
  if (to === undefined) {
    if (text.includes('@')) throw badLock(text, 'an edge before "@" and a temperature');
    if (!space.nodes[source - 1]) throw badLock(text, `a node from 1 to ${space.nodes.length}`);
    return withModels(space, source, choices);
  }
  if (!space.edges.some((edge) => edge.source === source && edge.destination === destination)) {
    throw badLock(text, `an edge from 0 (the label) to ${space.nodes.length} into another node`);
  }
  if (text.includes('@'))
    return withTemperatures(space, choices.map(Number), { source, destination });
  return withGates(
    space,
    source,
    destination,
    choices.map((choice) => gateNamed(text, choice)),
  );
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
