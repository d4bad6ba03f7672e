/** A graph that is being edited, with the edges a search may not change, and every step back. */
import type { GateName } from '../../../core/gates/gates.ts';
import { checkGraph } from '../../../core/graph/check.ts';
import {
  addNode,
  removeNode,
  withEnsemble,
  withGate,
  withKind,
  withNode,
  withTemperature,
  withWeight,
} from '../../../core/graph/edit.ts';
import {
  evaluatedNodes,
  MAX_NODES,
  type Edge,
  type Ensemble,
  type Graph,
  type GraphNode,
} from '../../../core/graph/graph.ts';
import type { KindName } from '../../../core/kinds/kinds.ts';
import { edgeKey, type Part } from './part.ts';
import { begin, record, redo, undo } from './history.ts';

interface Draft {
  readonly graph: Graph;
  readonly locks: ReadonlySet<string>;
}

export class Editor {
  #history = $state.raw(
    begin<Draft>({
      graph: { format: 'ktg-graph', version: 1, nodes: [], edges: [] },
      locks: new Set(),
    }),
  );
  picked = $state.raw<Part | null>(null);

  readonly graph = $derived(this.#history.present.graph);
  readonly locks = $derived(this.#history.present.locks);
  readonly problems = $derived(checkGraph(this.graph));
  readonly canUndo = $derived(this.#history.past.length > 0);
  readonly canRedo = $derived(this.#history.future.length > 0);
  readonly full = $derived(this.graph.nodes.length >= MAX_NODES);

  constructor(graph: Graph, locks: Iterable<string> = []) {
    this.#history = begin({ graph, locks: new Set(locks) });
  }

  #change(change: Partial<Draft>): void {
    this.#history = record(this.#history, { ...this.#history.present, ...change });
    this.#repick();
  }

  /** What is picked may have changed or gone. */
  #repick(): void {
    const { picked, graph } = this;
    if (picked === null) return;
    if ('node' in picked) {
      if (picked.node > evaluatedNodes(graph).length) this.picked = null;
      return;
    }
    const edge = graph.edges.find((each) => edgeKey(each) === edgeKey(picked.edge));
    this.picked = edge ? { edge } : null;
  }

  /** Another graph, such as a template's; locks do not survive it. */
  replace(graph: Graph): void {
    this.#change({ graph, locks: new Set() });
  }

  setGate({ source, destination }: Edge, gate: GateName): void {
    this.#change({ graph: withGate(this.graph, source, destination, gate) });
  }

  setTemperature({ source, destination }: Edge, temperature: number): void {
    this.#change({ graph: withTemperature(this.graph, source, destination, temperature) });
  }

  setKind({ source, destination }: Edge, kind: KindName): void {
    this.#change({ graph: withKind(this.graph, source, destination, kind) });
  }

  setWeight({ source, destination }: Edge, weight: number): void {
    this.#change({ graph: withWeight(this.graph, source, destination, weight) });
  }

  /** Adds, changes or (null) removes the ensemble; locks of its edges go with it. */
  setEnsemble(ensemble: Ensemble | null): void {
    const last = this.graph.nodes.length + 1;
    const locks = [...this.locks].filter((key) => ensemble || !key.startsWith(`${last}-`));
    this.#change({ graph: withEnsemble(this.graph, ensemble), locks: new Set(locks) });
  }

  toggleLock(edge: Edge): void {
    const locks = new Set(this.locks);
    if (!locks.delete(edgeKey(edge))) locks.add(edgeKey(edge));
    this.#change({ locks });
  }

  setNode(node: number, to: GraphNode): void {
    this.#change({ graph: withNode(this.graph, node, to) });
  }

  add(model: string): void {
    if (!this.full) this.#change({ graph: addNode(this.graph, { model }) });
  }

  /** Removes a node; locks of its edges go, those of later nodes move up with them. */
  remove(node: number): void {
    const moved = (each: number): number => (each > node ? each - 1 : each);
    const locks = [...this.locks]
      .map((key) => key.split('-').map(Number))
      .filter(([source, destination]) => source !== node && destination !== node)
      .map(([source, destination]) => `${moved(source!)}-${moved(destination!)}`);
    this.#change({ graph: removeNode(this.graph, node), locks: new Set(locks) });
    this.picked = null;
  }

  undo(): void {
    this.#history = undo(this.#history);
    this.#repick();
  }

  redo(): void {
    this.#history = redo(this.#history);
    this.#repick();
  }
}
