import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LabError, messageOf } from '../../base/errors.ts';
import { makeFolder } from '../../base/folder.js';
import { makeTemporary, sweepTemporary } from '../../base/temporary.ts';
import type { TensorFlowBinding } from './binding.ts';
import { engineHome } from '../../install/engine-home.ts';
import type { Argument, Attribute, Graph, GraphFunction, GraphNode, Output } from './graph.ts';
import { outputName } from './op-outputs.ts';

/** A message class of the protobuf module of tfjs-node-gpu: the part in use here. */
interface Message {
  serializeBinary(): Uint8Array;
  getAttrMap(): { set(key: string, value: Message): void };
  getRetMap(): { set(key: string, value: string): void };
  [setter: `set${string}` | `add${string}`]: (value: unknown) => unknown;
}
type MessageClass = new () => Message;

const require = createRequire(import.meta.url);
const protobuf = (): Record<string, MessageClass> & Record<string, Record<string, MessageClass>> =>
  require('@tensorflow/tfjs-node-gpu/dist/proto/api_pb') as never;

const TAG = 'ktg';

/**
 * GraphDef producer version of TensorFlow 2.21's operations; older numbers would change the meaning
 * of attributes.
 */
const PRODUCER = 1882;

/**
 * Loads a `serialise`d graph as a session of the addon through a temporary SavedModel; returns the
 * session's number.
 */
export function loadGraph(binding: TensorFlowBinding, graph: Uint8Array): number {
  const folder = written(graph);
  try {
    return binding.loadSavedModel(folder, TAG);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Writes a SavedModel to the folder for temporary files, or to the engine's own folder when that is
 * missing or full.
 *
 * @throws LabError `engine.no-temporary-folder`
 */
function written(graph: Uint8Array): string {
  const reasons: string[] = [];
  for (const parent of [tmpdir(), join(engineHome(), 'temporary')]) {
    try {
      return writtenIn(parent, graph);
    } catch (error) {
      reasons.push(`${parent} (${messageOf(error)})`);
    }
  }
  throw new LabError('engine.no-temporary-folder', { reasons: reasons.join(', nor to ') });
}

function writtenIn(parent: string, graph: Uint8Array): string {
  if (parent !== tmpdir()) {
    makeFolder(parent);
    sweepTemporary(parent);
  }
  const folder = makeTemporary('step', parent);
  try {
    writeFileSync(join(folder, 'saved_model.pb'), graph);
    return folder;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Returns a graph as the bytes of a SavedModel. */
export function serialise({ nodes, functions }: Graph): Uint8Array {
  const pb = protobuf();
  const make = (type: string, fields: Record<string, unknown>): Message =>
    fill(new pb[type]!(), fields);
  const shape = (dimensions: readonly number[]): Message =>
    make('TensorShape', {
      DimList: dimensions.map((size) => fill(new pb.TensorShape!.Dim!() as never, { Size: size })),
    });
  const value = (attribute: Attribute): Message => {
    switch (attribute.kind) {
      case 'type':
        return make('AttrValue', { Type: attribute.value });
      case 'types': {
        const list = fill(new pb.AttrValue!.ListValue!(), { TypeList: attribute.value });
        return make('AttrValue', { List: list });
      }
      case 'function':
        return make('AttrValue', { Func: make('NameAttrList', { Name: attribute.value }) });
      case 'bool':
        return make('AttrValue', { B: attribute.value });
      case 'string':
        return make('AttrValue', { S: new TextEncoder().encode(attribute.value) });
      case 'shape':
        return make('AttrValue', { Shape: shape(attribute.value) });
      case 'int':
      case 'float': {
        const field = attribute.kind === 'int' ? 'I' : 'F';
        if (typeof attribute.value === 'number')
          return make('AttrValue', { [field]: attribute.value });
        const list = fill(new pb.AttrValue!.ListValue!(), {
          [`${field}List`]: attribute.value,
        });
        return make('AttrValue', { List: list });
      }
      case 'tensor':
        return make('AttrValue', {
          Tensor: make('Tensor', {
            Dtype: attribute.type,
            TensorShape: shape(attribute.shape),
            TensorContent: attribute.content,
          }),
        });
    }
  };
  const nodeDef = (node: GraphNode, refer: (output: Output) => string): Message => {
    const def = make('NodeDef', {
      Name: node.name,
      Op: node.op,
      InputList: [...node.inputs.map(refer), ...node.after.map((name) => `^${name}`)],
    });
    for (const [name, attribute] of Object.entries(node.attributes))
      def.getAttrMap().set(name, value(attribute));
    return def;
  };
  const functionDef = ({ name, inputs, outputs, nodes: body }: GraphFunction): Message => {
    const argument = ({ name: argumentName, type }: Argument): Message =>
      fill(new pb.OpDef!.ArgDef!(), { Name: argumentName, Type: type });
    const refer = bodyReference(inputs, body);
    const def = make('FunctionDef', {
      Signature: make('OpDef', {
        Name: name,
        InputArgList: inputs.map(argument),
        OutputArgList: outputs.map(argument),
        IsStateful: true,
      }),
      NodeDefList: body.map((node) => nodeDef(node, refer)),
    });
    for (const output of outputs) def.getRetMap().set(output.name, refer(output.value));
    return def;
  };
  const graph = make('GraphDef', {
    NodeList: nodes.map((node) => nodeDef(node, reference)),
    Library: make('FunctionDefLibrary', { FunctionList: functions.map(functionDef) }),
    Versions: make('VersionDef', { Producer: PRODUCER }),
  });
  const meta = make('MetaGraphDef', {
    GraphDef: graph,
    MetaInfoDef: fill(new pb.MetaGraphDef!.MetaInfoDef!(), { TagsList: [TAG] }),
  });
  return fill(make('SavedModel', { SavedModelSchemaVersion: 1 }), {
    MetaGraphsList: [meta],
  }).serializeBinary();
}

const fill = (message: Message, fields: Record<string, unknown>): Message => {
  for (const [field, content] of Object.entries(fields)) message[`set${field}`]!(content);
  return message;
};

const reference = ({ node, index }: Output): string => (index === 0 ? node : `${node}:${index}`);

/**
 * Inside a function, the name of an argument stands alone, and the output of a node has the name of
 * the output.
 */
function bodyReference(
  inputs: readonly Argument[],
  nodes: readonly GraphNode[],
): (output: Output) => string {
  const ops = new Map(nodes.map(({ name, op }) => [name, op]));
  const given = new Set(inputs.map(({ name }) => name));
  return ({ node, index }) =>
    given.has(node) ? node : `${node}:${outputName(ops.get(node)!, index)}`;
}
