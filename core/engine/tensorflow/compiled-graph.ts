import { metricsSize, rowsOf, type StepPlan } from '../engine.ts';
import { edgesShape, imageShape, stateParts } from '../flat.ts';
import {
  type Argument,
  DataType,
  type Graph,
  GraphBuilder,
  type GraphFunction,
  type GraphNode,
  typeAttribute,
} from './graph.ts';
import { allOf, loopOf } from './loop.ts';
import { compiledCall, functionOf, outline } from './outline.ts';
import { name, stageNames } from './record-step.ts';

/** Names of the feeds and fetches of a compiled graph in addition to the recorded graph's. */
const direct = {
  images: 'direct/images',
  labels: 'direct/labels',
  metrics: 'direct/metrics',
  logits: 'direct/logits',
};
/** Returns the fetches of a step on a direct batch: metrics, logits, outputs of all stages. */
export const directFetches = (plan: StepPlan): string[] => [
  direct.metrics,
  direct.logits,
  ...stageNames(plan)
    .flat()
    .map((stage) => `direct/${stage}`),
];
export const history = 'train/history';

/** Returns the recorded step's graph with its computations moved into compiled functions. Pure. */
export function compiledGraph(
  recorded: readonly GraphNode[],
  plan: StepPlan,
  { stepsPerCall, evaluationBatch }: { stepsPerCall: number; evaluationBatch: number },
): Graph {
  const { architectures, batch } = plan;
  const each = architectures.map((_, node) => node);
  const rows = Array.from({ length: rowsOf(plan) }, (_, row) => row);
  const effects = recorded
    .filter(({ name: found }) =>
      each.some((node) => [name.update(node), name.observe(node)].includes(found)),
    )
    .flatMap(({ after }) => after);
  const rates: Argument = { name: name.rates, type: DataType.float };
  const codes = { name: name.codes, type: DataType.int32, shape: [batch, 4] };
  const edges = { name: name.edges, type: DataType.float, shape: edgesShape(plan) };
  const result = (
    node: string,
    as: string,
  ): Argument & { value: { node: string; index: number } } => ({
    name: as,
    type: DataType.float,
    value: { node, index: 0 },
  });

  const given = [rates, codes, edges].map((argument) => argument.name);
  const step = outline(recorded, [name.metrics, ...effects], given);
  const kept = { node: name.metrics, size: metricsSize(plan) };
  const train =
    stepsPerCall > 1
      ? loopOf('train', stepsPerCall, {
          step,
          shared: [rates],
          perStep: [codes, edges],
          result: kept,
          effects,
        })
      : [
          functionOf(
            'train',
            [rates, codes, edges],
            step,
            [result(name.metrics, 'metrics')],
            effects,
          ),
        ];
  const images: Argument = { name: name.trainImages, type: DataType.float };
  const labels: Argument = { name: name.trainLabels, type: DataType.int32 };
  const stages = stageNames(plan).flat();
  const trainDirect = functionOf(
    'train_direct',
    [images, labels, rates, edges],
    outline(
      recorded,
      [name.metrics, name.trainLogits, ...stages, ...effects],
      [images, labels, rates, edges].map((argument) => argument.name),
    ),
    [
      result(name.metrics, 'metrics'),
      result(name.trainLogits, 'logits'),
      ...stages.map((stage, place) => result(stage, `stage${place}`)),
    ],
    effects,
  );
  const evaluation = (
    called: string,
    input: Argument,
    output: (node: number) => string,
  ): GraphFunction =>
    functionOf(
      called,
      [input],
      outline(recorded, rows.map(output), [input.name]),
      rows.map((row) => result(output(row), `node${row}`)),
    );
  const evaluate = evaluation('evaluate', { name: name.indices, type: DataType.int32 }, name.score);
  const seen: Argument = { name: name.evaluateImages, type: DataType.float };
  const logits = evaluation('logits', seen, name.evaluateLogits);

  const graph = new GraphBuilder('call/');
  const variables = [
    name.images,
    name.labels,
    ...each.flatMap((node) => stateParts.map((part) => name.state(node, part))),
  ];
  const access = variables.flatMap((variable) => [`${variable}/write`, `${variable}/read`]);
  const fed = variables.map((variable) => `${variable}/new`);
  graph.nodes.push(
    ...recorded.filter(({ name: found, op }) => op === 'VarHandleOp' || fed.includes(found)),
    ...outline(recorded, access, fed).nodes,
  );
  if (stepsPerCall > 1) {
    graph.placeholder('count', DataType.int32, []);
    graph.placeholder(allOf(codes.name), codes.type, [stepsPerCall, ...codes.shape]);
    graph.placeholder(allOf(edges.name), edges.type, [stepsPerCall, ...edges.shape]);
  } else graph.placeholder(codes.name, codes.type, codes.shape);
  graph.placeholder(edges.name, edges.type, edges.shape);
  graph.placeholder(rates.name, rates.type, [3]);
  graph.placeholder(images.name, images.type, imageShape(plan, batch));
  graph.placeholder(labels.name, labels.type, [batch]);
  graph.placeholder(name.indices, DataType.int32, [evaluationBatch]);
  graph.placeholder(seen.name, seen.type, imageShape(plan, evaluationBatch));
  const call = (called: GraphFunction, fetches: readonly string[]): void => {
    graph.nodes.push(compiledCall(`call/${called.name}`, called));
    for (const [index, fetch] of fetches.entries())
      graph.add(fetch, 'Identity', [{ node: `call/${called.name}`, index }], {
        T: typeAttribute(DataType.float),
      });
  };
  call(train[0]!, [history]);
  call(trainDirect, directFetches(plan));
  call(evaluate, rows.map(name.score));
  call(logits, rows.map(name.evaluateLogits));
  return { nodes: graph.nodes, functions: [...train, trainDirect, evaluate, logits] };
}
