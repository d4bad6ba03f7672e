import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sizeOf } from '../../core/models/tensors.ts';
import type { Operations, Tensor } from '../../core/engine/ops.ts';
import { plainOperations } from '../../core/engine/plain-ops.ts';
import { loadBinding } from '../../core/engine/tensorflow/binding.ts';
import { compilableOperations } from '../../core/engine/tensorflow/compilable-ops.ts';
import {
  DataType,
  type Graph,
  GraphBuilder,
  type GraphNode,
  typeAttribute,
} from '../../core/engine/tensorflow/graph.ts';
import { nativeOperations } from '../../core/engine/tensorflow/native-ops.ts';
import { compiledCall, functionOf, outline } from '../../core/engine/tensorflow/outline.ts';
import { Recorder } from '../../core/engine/tensorflow/record.ts';
import { loadGraph, serialise } from '../../core/engine/tensorflow/saved-model.ts';
import { device, openHere } from './device.ts';
import { LAYER_ALLOWED, layerCases, layerError, ties, tiesGradient } from './layer-cases.ts';
import {
  cotangentOf,
  differentiate,
  differentiatePlainly,
  type OperationCase,
  operationCases,
  plainStatistics,
  relativeError,
  tensorsOf,
} from './operation-cases.ts';

await openHere({ compiler: 'xla' });
const tensorflow = loadBinding(); // the library that is open now
const { tf, backend, binding } = tensorflow;
const native = nativeOperations(tensorflow);
const plain = plainOperations(tf);
const compilable = compilableOperations(tensorflow);

/** float32, in sums of up to a hundred numbers. */
const ALLOWED = 2e-5;

type Differentiated = Float32Array[];

function eagerly(ops: Operations, one: OperationCase): Differentiated {
  const held = binding.getNumOfTensors();
  const inputs = tensorsOf(tf, one);
  const results = tf.tidy(() => differentiate(tf, ops, one, inputs));
  const values = results.map((result) => result.dataSync() as Float32Array);
  tf.dispose([...inputs, ...results]);
  assert.equal(binding.getNumOfTensors(), held, 'tensors left behind');
  return values;
}

/**
 * Recorded as a graph with the case's inputs as placeholders, then run as a session; `compiled`: as
 * one function by XLA.
 */
function captured(ops: Operations, one: OperationCase, compiled = false): Differentiated {
  const graph = new GraphBuilder();
  const recorder = new Recorder(tensorflow, graph);
  const inputs = one.shapes.map((shape, i): Tensor => {
    const values = new Float32Array(sizeOf(shape)).fill(1);
    const id = binding.createTensor(shape, DataType.float, values);
    const tensor = backend.createOutputTensor({
      id,
      shape: [...shape],
      dtype: DataType.float,
    });
    recorder.bind(tensor, graph.placeholder(`input${i}`, DataType.float, shape));
    return tensor;
  });
  const results = recorder.run(() => tf.tidy(() => differentiate(tf, ops, one, inputs)));
  const fetches = results.map((result, i) => {
    const type = { T: typeAttribute(DataType.float) };
    return graph.add(`output${i}`, 'Identity', [recorder.outputOf(result)], type).node;
  });
  tf.dispose([...inputs, ...results]);

  const session = loadGraph(
    binding,
    serialise(
      compiled ? compiledWhole(graph.nodes, fetches) : { nodes: graph.nodes, functions: [] },
    ),
  );
  const ids = one.inputs.map((values, i) =>
    binding.createTensor(one.shapes[i]!, DataType.float, Float32Array.from(values)),
  );
  const names = ids.map((_, i) => `input${i}:0`).join(',');
  const outputs = binding.runSavedModel(
    session,
    ids,
    names,
    fetches.map((name) => `${name}:0`).join(','),
  );
  const values = outputs.map(({ id }) => binding.tensorDataSync(id) as Float32Array);
  for (const id of [...ids, ...outputs.map((output) => output.id)]) binding.deleteTensor(id);
  binding.deleteSavedModel(session);
  return values;
}

/** The graph's computation moved into one function that XLA must compile. */
function compiledWhole(nodes: readonly GraphNode[], fetches: readonly string[]): Graph {
  const placeholders = nodes.filter(({ op }) => op === 'Placeholder');
  const inputs = placeholders.map(({ name }) => ({ name, type: DataType.float }));
  const results = fetches.map((name) => ({
    name: `${name}_result`,
    type: DataType.float,
    value: { node: name, index: 0 },
  }));
  const body = outline(
    nodes,
    fetches,
    inputs.map(({ name }) => name),
  );
  const whole = functionOf('whole', inputs, body, results);
  const outputs = fetches.map((name, index): GraphNode => ({
    name,
    op: 'Identity',
    inputs: [{ node: 'call', index }],
    after: [],
    attributes: { T: typeAttribute(DataType.float) },
  }));
  return { nodes: [...placeholders, compiledCall('call', whole), ...outputs], functions: [whole] };
}

const forms: Record<string, (one: OperationCase) => Differentiated> = {
  native: (one) => eagerly(native, one),
  'native, recorded': (one) => captured(native, one),
  plain: (one) => eagerly(plain, one),
  'plain, recorded': (one) => captured(plain, one),
  'compilable, recorded and compiled': (one) => captured(compilable, one, true),
};

describe('layers alone', () => {
  for (const [form, compute] of Object.entries(forms)) {
    for (const { one, expected } of layerCases) {
      test(`${one.name}, ${form}: equals PyTorch`, () => {
        for (const [i, values] of compute(one).entries()) {
          const error = layerError(values, expected[i]!);
          assert.ok(error < LAYER_ALLOWED, `${i} is off by ${error}`);
        }
      });
    }
    test(`of equal pixels the first gets the gradient of a max-pool, ${form}`, () => {
      const gradient = compute(ties)[1]!;
      const expected = tiesGradient(cotangentOf(ties.name, 12).map(Math.fround));
      assert.deepEqual([...gradient], expected);
    });
  }
});

describe('operations and their gradients, on inputs far from mean 0 and variance 1', () => {
  for (const one of operationCases) {
    const expected = differentiatePlainly(one);
    for (const [form, compute] of Object.entries(forms)) {
      test(`${one.name}, ${form}: equals float64 and finite differences`, () => {
        const results = compute(one);
        assert.equal(results.length, expected.length);
        for (const [i, values] of results.entries()) {
          const what = i === 0 ? 'output' : `gradient of input ${i}`;
          const error = relativeError(values, expected[i]!);
          assert.ok(error < ALLOWED, `${what} is off by ${error}`);
        }
      });
    }
    test(`${one.name}: native equals plain, and recorded equals eager`, () => {
      const [first, second, third] = [
        eagerly(native, one),
        eagerly(plain, one),
        captured(native, one),
      ];
      for (const [i, values] of first.entries()) {
        assert.ok(relativeError(second[i]!, [...values]) < ALLOWED, `native against plain, ${i}`);
        if (device === 'cpu') assert.deepEqual(third[i], values, `recorded against eager, ${i}`);
        // Cards choose kernels by the clock.
        else
          assert.ok(
            relativeError(third[i]!, [...values]) < ALLOWED,
            `recorded against eager, ${i}`,
          );
      }
    });
  }

  test('a batch norm returns the mean and the unbiased variance of its batch', () => {
    const one = operationCases.find(({ name }) => name === 'batchNorm')!;
    const { mean, variance } = plainStatistics(one.inputs[0]!);
    const count = one.inputs[0]!.length / mean.length;
    const unbiased = variance.map((value) => (value * count) / (count - 1));
    for (const ops of [native, plain]) {
      const [x, gamma, beta] = tensorsOf(tf, one) as [Tensor, Tensor, Tensor];
      const normalised = ops.batchNorm(x, gamma, beta);
      assert.ok(relativeError(normalised.mean.dataSync(), mean) < ALLOWED);
      assert.ok(relativeError(normalised.variance.dataSync(), unbiased) < ALLOWED);
      tf.dispose([x, gamma, beta, ...Object.values(normalised)]);
    }
  });
});
