import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { gateNames, isGateName } from '../gates/gates.ts';
import type { GateName } from '../gates/gates.ts';
import { architecture, modelForms, modelNames } from '../models/architecture.ts';
import { FORMAT, LABEL, MAX_NODES, MAX_TEMPERATURE, VERSION } from './graph.ts';
import { objectRule, objectRules } from './refusal.ts';
import type { Rules } from './refusal.ts';

const MAX_TEXT = 4096;
const MAX_NAME = 200;

/** Texts of every rule of the schema below and of parse.ts; the schema's messages are the keys. */
export const graphRules = {
  ...objectRules,
  'missing-key': {
    expected: 'a value',
    next:
      `Add it, as in {"format": "${FORMAT}", "version": ${VERSION}, "nodes": [{"model": ` +
      '"resnet32"}], "edges": [{"source": 0, "destination": 1, "gate": "through"}]}.',
  },
  'wrong-format': { expected: `"${FORMAT}"`, next: 'Give a graph file of this lab.' },
  'wrong-version': {
    expected: `version ${VERSION}`,
    next: 'Open the file with the version of the lab that wrote it, or write it again.',
  },
  'bad-text': {
    expected: 'printable text',
    next: 'Remove control characters and broken characters.',
  },
  'too-long': {
    expected: `at most ${MAX_TEXT} characters (a name: ${MAX_NAME})`,
    next: 'Shorten it.',
  },
  'node-count': { expected: `1 to ${MAX_NODES} nodes`, next: 'Give between one and seven nodes.' },
  'unknown-model': {
    expected: modelForms,
    next: `Use one of ${modelNames.join(', ')}.`,
  },
  'unknown-gate': {
    expected: `one of ${gateNames.join(', ')}`,
    next: 'Correct the name of the gate.',
  },
  'too-many-edges': {
    expected: `at most ${MAX_NODES * MAX_NODES} edges`,
    next: 'Give every edge once; a missing one is Cutoff.',
  },
  'no-such-node': {
    expected: 'the number of a node (sources also 0, the label)',
    next: 'Count nodes from 1 in the order of "nodes"; 0 is the label and only teaches.',
  },
  'self-edge': {
    expected: 'another node than the source',
    next: 'Remove the edge: a node does not teach itself.',
  },
  'duplicate-edge': { expected: 'every edge once', next: 'Remove one of the two edges.' },
  'bad-temperature': {
    expected: `a number above 0, at most ${MAX_TEMPERATURE}`,
    next: 'Give a temperature such as 2, or leave it out for 1.',
  },
  'label-temperature': {
    expected: 'none on an edge from the label',
    next: 'Remove the temperature: labels are not softened.',
  },
} as const satisfies Rules;

const rule = (name: keyof typeof graphRules): string => name;

const text = v.pipe(
  v.string(rule('wrong-type')),
  v.minLength(1, rule('bad-text')),
  v.maxLength(MAX_TEXT, rule('too-long')),
  v.check((value) => value.isWellFormed() && !/\p{Cc}/u.test(value), rule('bad-text')),
);

/** Accepts an architecture in any spelling; returns the usual one. */
export const modelSchema = v.pipe(
  v.string(rule('wrong-type')),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return architecture(dataset.value).name;
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      addIssue({ message: rule('unknown-model') });
      return NEVER;
    }
  }),
);

/** Accepts gates by name; anything else, other types too, is an unknown gate. */
export const gateSchema = v.custom<GateName>(isGateName, rule('unknown-gate'));

const nodeNumber = (least: number) =>
  v.pipe(
    v.number(rule('wrong-type')),
    v.integer(rule('no-such-node')),
    v.minValue(least, rule('no-such-node')),
    v.maxValue(MAX_NODES, rule('no-such-node')),
  );

/** The two ends of an edge. */
export const endsSchema = { source: nodeNumber(LABEL), destination: nodeNumber(LABEL + 1) };

/** A list of at most `most` items. The length is checked before the items. */
export const bounded = <Item extends v.GenericSchema>(
  item: Item,
  least: number,
  most: number,
  count: keyof typeof graphRules,
) =>
  v.pipe(
    v.array(v.unknown(), rule('wrong-type')),
    v.minLength(least, rule(count)),
    v.maxLength(most, rule(count)),
    v.array(item),
  );

const node = v.strictObject({ model: modelSchema, checkpoint: v.exactOptional(text) }, objectRule);

/** A temperature of an edge between networks. */
export const temperatureSchema = v.pipe(
  v.number(rule('bad-temperature')),
  v.gtValue(0, rule('bad-temperature')),
  v.maxValue(MAX_TEMPERATURE, rule('bad-temperature')),
);

const edge = v.pipe(
  v.strictObject(
    { ...endsSchema, gate: gateSchema, temperature: v.exactOptional(temperatureSchema) },
    objectRule,
  ),
  v.forward(
    v.check(({ source, destination }) => source !== destination, rule('self-edge')),
    ['destination'],
  ),
  v.forward(
    v.check(
      (each) => each.source !== LABEL || each.temperature === undefined,
      rule('label-temperature'),
    ),
    ['temperature'],
  ),
);

/** The file form of a graph as far as each edge can be checked alone; parse.ts checks the rest. */
export const graphSchema = v.strictObject(
  {
    format: v.literal(FORMAT, rule('wrong-format')),
    version: v.literal(VERSION, rule('wrong-version')),
    name: v.exactOptional(v.pipe(text, v.maxLength(MAX_NAME, rule('too-long')))),
    /** Origin of a saved graph (study, seed, protocol, versions...), for people; never read. */
    made: v.exactOptional(v.unknown()),
    nodes: bounded(node, 1, MAX_NODES, 'node-count'),
    edges: bounded(edge, 0, MAX_NODES * MAX_NODES, 'too-many-edges'),
  },
  objectRule,
);
