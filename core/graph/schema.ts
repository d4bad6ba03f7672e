import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { gateNames, isGateName } from '../gates/gates.ts';
import type { GateName } from '../gates/gates.ts';
import { architecture, modelForms, modelNames } from '../models/architecture.ts';
import { isKindName, kind, type KindName, kindNames } from '../kinds/kinds.ts';
import {
  combines,
  FORMAT,
  LABEL,
  MAX_NODES,
  MAX_TEMPERATURE,
  MAX_WEIGHT,
  VERSIONS,
} from './graph.ts';
import { objectRule, objectRules } from './refusal.ts';
import type { Rules } from './refusal.ts';

const MAX_TEXT = 4096;
const MAX_NAME = 200;
/** Of the largest graph: from the label, the other nodes and the ensemble into every node. */
export const MAX_EDGES = MAX_NODES * (MAX_NODES + 1);

/** Texts of every rule of the schema below and of parse.ts; the schema's messages are the keys. */
export const graphRules = {
  ...objectRules,
  'missing-key': {
    expected: 'a value',
    next:
      `Add it, as in {"format": "${FORMAT}", "version": 1, "nodes": [{"model": ` +
      '"resnet32"}], "edges": [{"source": 0, "destination": 1, "gate": "through"}]}.',
  },
  'wrong-format': { expected: `"${FORMAT}"`, next: 'Give a graph file of this lab.' },
  'wrong-version': {
    expected: `version ${VERSIONS.join(' or ')}`,
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
  'unknown-kind': {
    expected: `one of ${kindNames.join(', ')}`,
    next: 'Correct the name of the kind, or leave it out for kl.',
  },
  'label-kind': {
    expected: 'none on an edge from the label',
    next: 'Remove the kind: label edges always have the cross-entropy.',
  },
  'bad-weight': {
    expected: `a number from 0 to ${MAX_WEIGHT}`,
    next: 'Give a weight such as 0.5, or leave it out for 1.',
  },
  'stages-temperature': {
    expected: 'none on an edge that compares stages',
    next: 'Remove the temperature: attention edges compare no answers.',
  },
  'ensemble-kind': {
    expected: 'kl or repel on an edge from the ensemble',
    next: 'Choose kl or repel: an ensemble has answers, but no stages.',
  },
  'unknown-combine': {
    expected: `one of ${combines.join(', ')}`,
    next: 'Choose how the ensemble combines its voters.',
  },
  'voter-count': {
    expected: `1 to ${MAX_NODES} voters, every one once`,
    next: 'Name every voting node once, or leave the voters out for all.',
  },
  'too-many-edges': {
    expected: `at most ${MAX_EDGES} edges`,
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

/** Accepts kinds by name. */
export const kindSchema = v.custom<KindName>(isKindName, rule('unknown-kind'));

const nodeNumber = (least: number, most: number) =>
  v.pipe(
    v.number(rule('wrong-type')),
    v.integer(rule('no-such-node')),
    v.minValue(least, rule('no-such-node')),
    v.maxValue(most, rule('no-such-node')),
  );

/** The two ends of an edge; the largest source is the ensemble of the largest graph. */
export const endsSchema = {
  source: nodeNumber(LABEL, MAX_NODES + 1),
  destination: nodeNumber(LABEL + 1, MAX_NODES),
};

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

/** The ensemble of a graph or space; the voters' numbers are checked later. */
export const ensembleSchema = v.strictObject(
  {
    combine: v.picklist(combines, rule('unknown-combine')),
    voters: v.exactOptional(
      v.pipe(
        v.array(nodeNumber(1, MAX_NODES), rule('wrong-type')),
        v.minLength(1, rule('voter-count')),
        v.maxLength(MAX_NODES, rule('voter-count')),
        v.check((all) => new Set(all).size === all.length, rule('voter-count')),
      ),
    ),
    isObjective: v.exactOptional(v.literal(true, rule('wrong-type'))),
  },
  objectRule,
);

export const weightSchema = v.pipe(
  v.number(rule('bad-weight')),
  v.minValue(0, rule('bad-weight')),
  v.maxValue(MAX_WEIGHT, rule('bad-weight')),
);

/** A temperature of an edge between networks. */
export const temperatureSchema = v.pipe(
  v.number(rule('bad-temperature')),
  v.gtValue(0, rule('bad-temperature')),
  v.maxValue(MAX_TEMPERATURE, rule('bad-temperature')),
);

const edge = v.pipe(
  v.strictObject(
    {
      ...endsSchema,
      gate: gateSchema,
      kind: v.exactOptional(kindSchema),
      weight: v.exactOptional(weightSchema),
      temperature: v.exactOptional(temperatureSchema),
    },
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
  v.forward(
    v.check((each) => each.source !== LABEL || each.kind === undefined, rule('label-kind')),
    ['kind'],
  ),
  v.forward(
    v.check(
      ({ kind: name, temperature }) =>
        temperature === undefined || name === undefined || kind(name).compares === 'answers',
      rule('stages-temperature'),
    ),
    ['temperature'],
  ),
);

/** The file form of a graph as far as each edge can be checked alone; parse.ts checks the rest. */
export const graphSchema = v.strictObject(
  {
    format: v.literal(FORMAT, rule('wrong-format')),
    version: v.picklist(VERSIONS, rule('wrong-version')),
    name: v.exactOptional(v.pipe(text, v.maxLength(MAX_NAME, rule('too-long')))),
    /** Origin of a saved graph (study, seed, protocol, versions...), for people; never read. */
    made: v.exactOptional(v.unknown()),
    nodes: bounded(node, 1, MAX_NODES, 'node-count'),
    edges: bounded(edge, 0, MAX_EDGES, 'too-many-edges'),
    ensemble: v.exactOptional(ensembleSchema),
  },
  objectRule,
);
