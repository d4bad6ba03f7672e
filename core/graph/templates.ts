import { LabError } from '../base/errors.ts';
import { architecture } from '../models/architecture.ts';
import { LABEL, MAX_NODES, TARGET, makeGraph } from './graph.ts';
import type { Carried, Graph } from './graph.ts';

interface Template {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  /** What the edge from source to destination carries in a graph of `count` nodes. */
  readonly carried: (source: number, destination: number, count: number) => Carried;
}

/** Temperature of the paper's KD baseline (Table 2). */
const KD_TEMPERATURE = 2;
const TEACHER = 2;
const softened: Carried = { gate: 'through', temperature: KD_TEMPERATURE };

/** Known methods as graphs: starting points of the editor and baselines of every study. */
export const templates = [
  {
    name: 'independent',
    title: 'Independent',
    summary: 'Every node learns from the label alone; no network teaches another.',
    carried: (source) => (source === LABEL ? 'through' : 'cutoff'),
  },
  {
    name: 'kd',
    title: 'KD',
    summary:
      'Knowledge distillation (Hinton 2015): nodes 2 and up are pretrained and teach node ' +
      '1 at temperature 2. Alone it is Independent.',
    carried: (source, destination) => {
      if (destination !== TARGET) return 'cutoff';
      return source === LABEL ? 'through' : softened;
    },
  },
  {
    name: 'dml',
    title: 'DML',
    summary:
      'Deep mutual learning (Zhang 2018): every node learns from the label and from all ' +
      'others at temperature 1. As a graph it is All-Through.',
    carried: () => 'through',
  },
  {
    name: 'kd+dml',
    title: 'KD + DML',
    summary:
      'Node 2 is pretrained and teaches all others at temperature 2; they also teach each ' +
      'other. With two nodes it is KD, alone Independent.',
    carried: (source, destination) => {
      if (destination === TEACHER) return 'cutoff';
      return source === TEACHER ? softened : 'through';
    },
  },
  {
    name: 'all-through',
    title: 'All-Through',
    summary:
      'Every gate Through: the rows "Fixed" of the paper\'s Table 1. The same graph as ' +
      'DML; both names are kept because its tables use both.',
    carried: () => 'through',
  },
  {
    name: 'kd-hinton',
    title: 'KD (Hinton)',
    summary:
      'Knowledge distillation with the published weights: label 0.1, teachers 0.9 at temperature 4. Alone it is Independent.',
    carried: (source, destination, count) => {
      if (destination !== TARGET) return 'cutoff';
      if (source === LABEL) return { gate: 'through', weight: count === 1 ? 1 : 0.1 };
      return { gate: 'through', weight: 0.9, temperature: 4 };
    },
  },
  {
    name: 'dml-mean',
    title: 'DML, mean',
    summary:
      'Deep mutual learning as published: the losses of the other nodes are averaged, each has the weight 1 / (nodes - 1). With two nodes it is DML.',
    carried: (source, _, count) =>
      source === LABEL ? 'through' : { gate: 'through', weight: 1 / (count - 1) },
  },
  {
    name: 'at',
    title: 'AT',
    summary:
      'Attention transfer (Zagoruyko 2017): nodes 2 and up are pretrained and show node 1 where they look, with the weight 1000. Alone it is Independent.',
    carried: (source, destination) => {
      if (destination !== TARGET) return 'cutoff';
      if (source === LABEL) return 'through';
      return { gate: 'through', kind: 'attention', weight: 1000 };
    },
  },
] as const satisfies readonly Template[];

export type TemplateName = (typeof templates)[number]['name'];

export const isTemplateName = (name: string): name is TemplateName =>
  templates.some((each) => each.name === name);

export const templateTitle = (name: TemplateName): string =>
  templates.find((each) => each.name === name)!.title;

/**
 * Returns the template's graph over 1 to 7 models, the target's first. Frozen nodes have no
 * checkpoints yet.
 *
 * @throws LabError `graph.unknown-template`, `graph.node-count`, `model.unknown`
 */
export function template(name: string, models: readonly string[]): Graph {
  const found = templates.find((each) => each.name === name);
  if (!found) {
    throw new LabError('graph.unknown-template', {
      name: name.slice(0, 60),
      templates: templates.map((each) => each.name).join(', '),
    });
  }
  if (models.length < 1 || models.length > MAX_NODES) {
    throw new LabError('graph.node-count', { models: models.length, name, limit: MAX_NODES });
  }
  const nodes = models.map((model) => ({ model: architecture(model).name }));
  const carried = (source: number, destination: number): Carried =>
    found.carried(source, destination, nodes.length);
  return makeGraph(nodes, carried, found.title);
}

/**
 * Returns the title of the first template with the edges of a graph, whatever its networks;
 * undefined when none matches.
 */
export function knownMethod({ nodes, edges }: Graph): string | undefined {
  const models = nodes.map(({ model }) => model);
  const carried = JSON.stringify(edges);
  return templates.find(({ name }) => JSON.stringify(template(name, models).edges) === carried)
    ?.title;
}
