import type { EdgeMetrics, NodeMetrics } from '../study/metrics.ts';

const NODE_FIELDS = ['accuracy', 'loss', 'trainAccuracy', 'trainLoss'] as const;
const EDGE_FIELDS = [
  'rawLoss',
  'gatedLoss',
  'weight',
  'bothRight',
  'onlySourceRight',
  'onlyDestinationRight',
  'bothWrong',
] as const;

/** Bytes of one node. */
const NODE_BYTES = NODE_FIELDS.length * 8;
const EDGE_BYTES = EDGE_FIELDS.length * 4;

/** Little-endian float64, node after node. */
export function packNodes(nodes: readonly NodeMetrics[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(nodes.length * NODE_BYTES));
  let at = 0;
  for (const node of nodes) {
    for (const field of NODE_FIELDS) {
      view.setFloat64(at, node[field], true);
      at += 8;
    }
  }
  return new Uint8Array(view.buffer);
}

export function unpackNodes(bytes: Uint8Array): NodeMetrics[] {
  const view = viewOf(bytes);
  return Array.from({ length: bytes.length / NODE_BYTES }, (_, node) => {
    const at = node * NODE_BYTES;
    return {
      accuracy: view.getFloat64(at, true),
      loss: view.getFloat64(at + 8, true),
      trainAccuracy: view.getFloat64(at + 16, true),
      trainLoss: view.getFloat64(at + 24, true),
    };
  });
}

/** Only the accuracies of packed nodes. */
export function unpackAccuracies(bytes: Uint8Array): number[] {
  const view = viewOf(bytes);
  return Array.from({ length: bytes.length / NODE_BYTES }, (_, node) =>
    view.getFloat64(node * NODE_BYTES, true),
  );
}

/** Little-endian float32, edge after edge; all NaN for an edge that carries nothing. */
export function packEdges(edges: readonly (EdgeMetrics | null)[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(edges.length * EDGE_BYTES));
  let at = 0;
  for (const edge of edges) {
    for (const field of EDGE_FIELDS) {
      view.setFloat32(at, edge ? edge[field] : NaN, true);
      at += 4;
    }
  }
  return new Uint8Array(view.buffer);
}

export function unpackEdges(bytes: Uint8Array): (EdgeMetrics | null)[] {
  const view = viewOf(bytes);
  return Array.from({ length: bytes.length / EDGE_BYTES }, (_, edge) => {
    const at = edge * EDGE_BYTES;
    // A weight is never NaN: that marks the edge that carries nothing.
    const weight = view.getFloat32(at + 8, true);
    if (Number.isNaN(weight)) return null;
    return {
      rawLoss: view.getFloat32(at, true),
      gatedLoss: view.getFloat32(at + 4, true),
      weight,
      bothRight: view.getFloat32(at + 12, true),
      onlySourceRight: view.getFloat32(at + 16, true),
      onlyDestinationRight: view.getFloat32(at + 20, true),
      bothWrong: view.getFloat32(at + 24, true),
    };
  });
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
