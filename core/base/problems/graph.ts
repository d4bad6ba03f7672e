import type { ProblemTable } from './_base.ts';

/** Begins what is wrong with a file that should hold a graph. */
export const NO_GRAPH = 'This is not a graph file.';

export const graphProblems = {
  'gate.unknown': {
    message: ({ name, gateNames }: { name: string; gateNames: string }) =>
      `Unknown gate "${name}": expected one of ${gateNames}.`,
    next: () => ['Correct the name of the gate.'],
  },
  'kind.unknown': {
    message: ({ name, kindNames }: { name: string; kindNames: string }) =>
      `Unknown kind "${name}": expected one of ${kindNames}.`,
    next: () => ['Correct the name of the kind.'],
  },
  'graph.bad-text-form': {
    message: ({
      character,
      found,
      expected,
    }: {
      character: number;
      found: string;
      expected: string;
    }) => `Graph text, character ${character}: found ${found}, expected ${expected}.`,
    next: () => [
      'Write it like resnet32=TT@2,resnet110=XX: per node the gates of its incoming edges, the label first.',
    ],
  },
  'graph.checkpoint-missing': {
    message: ({ node, model }: { node: number; model: string }) =>
      `Node ${node} is frozen (all edges into it are Cutoff) but names no pretrained ${model}.`,
    next: ({ node, model }: { node: number; model: string }) => [
      { do: 'pretrain', model },
      `Name the pretrained network as the node's checkpoint, or open an edge into node ${node}.`,
    ],
  },
  'graph.checkpoint-unused': {
    message: ({ node }: { node: number }) =>
      `Node ${node} names a checkpoint but is trained from new weights: an edge into it is open.`,
    next: ({ node }: { node: number }) => [
      `Cut all edges into node ${node} to make it a pretrained teacher, or remove its checkpoint.`,
    ],
  },
  'graph.label-correct': {
    message: ({ node }: { node: number }) =>
      `On the edge from the label into node ${node} Correct is the same as Through: the label is always right.`,
    next: () => [],
  },
  'graph.no-path-to-target': {
    message: ({ node, goal }: { node: number; goal: string }) =>
      `No path of open edges leads from node ${node} to ${goal}: not trained, ` +
      'because the result would not change.',
    next: () => [],
  },
  'graph.node-count': {
    message: ({ models, name, limit }: { models: number; name: string; limit: number }) =>
      `${models} models for the template "${name}": a graph has 1 to ${limit} nodes.`,
    next: () => ['Name between one and seven models, the target first.'],
  },
  'graph.voter-untrained': {
    message: ({ node, model }: { node: number; model: string }) =>
      `Node ${node} votes in the ensemble, but it is neither trained nor pretrained: all edges into it are Cutoff, and it names no pretrained ${model}.`,
    next: ({ node, model }: { node: number; model: string }) => [
      { do: 'pretrain', model },
      `Name the pretrained network as the node's checkpoint, open an edge into node ${node}, or take away its vote.`,
    ],
  },
  'graph.voters-frozen': {
    message: () =>
      'All voters of the ensemble are frozen, so the ensemble, whose accuracy counts, never learns.',
    next: () => ['Open an edge into a voter.'],
  },
  'graph.no-text': {
    message: () => `${NO_GRAPH} It contains no text.`,
    next: () => ['Choose a figure of a graph that this lab saved, or the graph as JSON or text.'],
  },
  'graph.none-in-picture': {
    message: ({ kind }: { kind: string }) => `${NO_GRAPH} The ${kind} contains no graph data.`,
    next: () => ['Choose a figure of a graph that this lab saved, or the graph as JSON or text.'],
  },
  'graph.not-json': {
    message: ({ reason }: { reason: string }) => `The graph file is not JSON: ${reason}.`,
    next: () => ['Check that it is a graph file.', { do: 'see-correct-graph' }],
  },
  'graph.target-frozen': {
    message: () =>
      'The target is frozen: all edges into node 1 are Cutoff, so it would never learn. The graph is rejected.',
    next: () => ['Open at least one edge into node 1, for example the one from the label.'],
  },
  'graph.too-large/file': {
    message: ({ name, bytes }: { name: string; bytes: number }) =>
      `${NO_GRAPH} ${name} has ${bytes} bytes, too many for a graph.`,
    next: () => ['Choose a graph as JSON, text or figure.'],
  },
  'graph.too-large/text': {
    message: ({ characters, limit }: { characters: number; limit: number }) =>
      `The graph file has ${characters} characters: expected at most ${limit}.`,
    next: () => ['Check that it is a graph file.'],
  },
  'graph.uninformed': {
    message: ({ node }: { node: number }) =>
      `Node ${node} cannot learn the classes: no path of open edges leads to it from the ` +
      'label or from a pretrained node.',
    next: ({ node }: { node: number }) => [
      `Open the edge from the label into node ${node} or into a node that teaches it.`,
    ],
  },
  'graph.unknown-template': {
    message: ({ name, templates }: { name: string; templates: string }) =>
      `Unknown template "${name}": expected one of ${templates}.`,
    next: () => ['Name one of them, or give a graph file.'],
  },
  'graph.unreadable': {
    message: ({ path, reason }: { path: string; reason: string }) =>
      `${path} cannot be read: ${reason}`,
    next: () => ['Give a graph as JSON, text or figure.'],
  },
  'model.side': {
    message: ({ side, title, factor }: { side: number; title: string; factor: number }) =>
      `Images of ${side} x ${side} pixels do not fit ${title}, which divides their sides by ${factor}.`,
    next: ({ factor }: { factor: number }) => [
      `Use images whose side is a multiple of ${factor} pixels.`,
    ],
  },
  'model.unknown': {
    message: ({ name, modelForms }: { name: string; modelForms: string }) =>
      `Unknown model "${name}": expected ${modelForms}.`,
    next: ({ modelNames }: { modelNames: string }) => [`Use one of ${modelNames}.`],
  },
  'space.bad-lock': {
    message: ({ text, expected }: { text: string; expected: string }) =>
      `Lock "${text}": expected ${expected}.`,
    next: () => ['Write a lock like 2=resnet110 or 2-1=correct or 0-3=through+cutoff.'],
  },
  'space.impossible': {
    message: ({ stuck, why }: { stuck: number; why: string }) =>
      `No graph is possible: all edges into node ${stuck} are locked to Cutoff, ${why}.`,
    next: ({ stuck, otherwise }: { stuck: number; otherwise: string }) => [
      `Allow another gate on an edge into node ${stuck}${otherwise}.`,
    ],
  },
  'space.impossible/voters': {
    message: () =>
      'No graph is possible: all edges into the voters of the ensemble are locked to Cutoff, so the ensemble would never learn.',
    next: () => ['Allow another gate on an edge into a voter.'],
  },
} satisfies ProblemTable;
