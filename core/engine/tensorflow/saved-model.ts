import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TensorFlowBinding } from './binding.ts';
import type { Attribute, GraphNode, Output } from './graph.ts';

/** A message class of the protobuf module that ships with tfjs-node-gpu, as far as it is used here. */
interface Message {
  serializeBinary(): Uint8Array;
  getAttrMap(): { set(key: string, value: Message): void };
  [setter: `set${string}` | `add${string}`]: (value: unknown) => unknown;
}
type MessageClass = new () => Message;

const require = createRequire(import.meta.url);
const protobuf = (): Record<string, MessageClass> & Record<string, Record<string, MessageClass>> =>
  require('@tensorflow/tfjs-node-gpu/dist/proto/api_pb') as never;

const TAG = 'ktg';

/** GraphDef producer version of TensorFlow 2.21's operation set; older numbers would change how attributes are read. */
const PRODUCER = 1882;

/** Loads a graph as a session of the addon, by way of a temporary SavedModel; returns the session's number. */
export function loadGraph(binding: TensorFlowBinding, nodes: readonly GraphNode[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'ktg-step-'));
  try {
    writeFileSync(join(folder, 'saved_model.pb'), serialise(nodes));
    return binding.loadSavedModel(folder, TAG);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function serialise(nodes: readonly GraphNode[]): Uint8Array {
  const pb = protobuf();
  const make = (type: string, fields: Record<string, unknown>): Message =>
    fill(new pb[type]!() as never, fields);
  const shape = (dimensions: readonly number[]): Message =>
    make('TensorShape', {
      DimList: dimensions.map((size) => fill(new pb.TensorShape!.Dim!() as never, { Size: size })),
    });
  const value = (attribute: Attribute): Message => {
    switch (attribute.kind) {
      case 'type':
        return make('AttrValue', { Type: attribute.value });
      case 'bool':
        return make('AttrValue', { B: attribute.value });
      case 'string':
        return make('AttrValue', { S: new TextEncoder().encode(attribute.value) });
      case 'shape':
        return make('AttrValue', { Shape: shape(attribute.value) });
      case 'int':
      case 'float': {
        const field = attribute.kind === 'int' ? 'I' : 'F';
        if (typeof attribute.value === 'number') return make('AttrValue', { [field]: attribute.value });
        const list = fill(new pb.AttrValue!.ListValue!() as never, { [`${field}List`]: attribute.value });
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
  const nodeDefs = nodes.map((node) => {
    const def = make('NodeDef', {
      Name: node.name,
      Op: node.op,
      InputList: [...node.inputs.map(reference), ...node.after.map((name) => `^${name}`)],
    });
    for (const [name, attribute] of Object.entries(node.attributes))
      def.getAttrMap().set(name, value(attribute));
    return def;
  });
  const graph = make('GraphDef', {
    NodeList: nodeDefs,
    Versions: make('VersionDef', { Producer: PRODUCER }),
  });
  const meta = make('MetaGraphDef', {
    GraphDef: graph,
    MetaInfoDef: fill(new pb.MetaGraphDef!.MetaInfoDef!() as never, { TagsList: [TAG] }),
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
