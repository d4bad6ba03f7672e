/** The graphs that Compare shows side by side, trained or not, and how they are titled. */
import { graphKey } from '../../../core/graph/canonical.ts';
import type { Graph } from '../../../core/graph/graph.ts';
import { knownMethod } from '../../../core/graph/templates.ts';
import { fromText, toText } from '../../../core/graph/text.ts';
import type {
  RunView,
  PretrainedView,
  RerunView,
  SavedGraph,
  StudyCard,
} from '../../../core/lab/api.ts';
import { hrefOf, hrefOfRun } from '../../routes.ts';
import { nameOfRun } from '../../run-name.ts';
import { counted } from '../../ui/format.ts';
import { modelTitle } from '../../words/graph.ts';
import { variantTitle } from '../../words/rerun.ts';

/** A graph that is compared. */
export interface Compared {
  readonly id: string;
  readonly title: string;
  readonly graph: Graph;
  readonly href: string;
  /** Null of a graph that was not trained. */
  readonly view: RunView | null;
  readonly accuracies: readonly (number | null)[];
  readonly provenance: Readonly<Record<string, unknown>>;
}

/** Records of the lab that name runs and graphs. */
export interface Records {
  readonly cards: readonly StudyCard[];
  readonly reruns: readonly RerunView[];
  readonly pretrained: readonly PretrainedView[];
  readonly graphs: readonly SavedGraph[];
}

/** `Trial 3, M = 3`, `Best of M = 3, DML, seed 2`. */
function runTitle(view: RunView, { cards, reruns }: Records): string {
  const study = cards.find((card) => card.study.id === view.study)?.study.name;
  if (view.kind === 'trial') return `Trial ${view.number}, ${study ?? 'study'}`;
  if (view.kind !== 'repeat') return `Pretraining of ${modelTitle(view.graph.nodes[0]!.model)}`;
  const name = reruns.find(({ rerun }) => rerun.id === view.rerun)?.rerun.name;
  const variant = view.variant === 'graph' ? '' : `${variantTitle(view.variant as 'dml')}, `;
  return `${name ?? 'Re-run'}, ${variant}seed ${view.number + 1}`;
}

/** Titles without the name of their study where all are trials of one. */
export function shortTitles(compared: readonly Compared[]): string[] {
  const [study] = compared.map(({ view }) => view?.study ?? null);
  const isOne =
    compared.length > 1 &&
    compared.every(({ view }) => view?.kind === 'trial' && view.study === study);
  return compared.map(({ title, view }) => (isOne ? `Trial ${view!.number}` : title));
}

export const comparedRun = (view: RunView, records: Records): Compared => ({
  id: String(view.run),
  title: runTitle(view, records),
  graph: view.graph,
  href: hrefOfRun(nameOfRun(view, records.pretrained)),
  view,
  accuracies: view.accuracies,
  provenance: {
    seed: view.seed,
    protocol: view.training.protocol,
    data: view.training.data,
    epochs: view.epochs,
    environment: view.attemptList.at(-1)?.made ?? null,
  },
});

/**
 * A graph in its text form that was not trained. `place`: its place among such graphs, from 0.
 *
 * @throws LabError where the text is no graph
 */
export function comparedText(text: string, place: number, { graphs }: Records): Compared {
  const graph = fromText(text);
  const key = graphKey(graph);
  const saved = graphs.find((each) => each.key === key)?.name;
  return {
    id: untrainedId(place),
    title: saved ?? knownMethod(graph) ?? `Graph ${place + 1}`,
    graph,
    href: hrefOf({ view: 'graph', text }),
    view: null,
    accuracies: [],
    provenance: {},
  };
}

/** Id of an untrained graph among the compared ones. */
export const untrainedId = (place: number): string => `graph ${place}`;

/** Graphs that equal another one but for the order of auxiliary nodes. */
export function equalGraphs(compared: readonly Compared[]): Compared[] {
  const keys = compared.map(({ graph }) => graphKey(graph));
  return compared.filter((_, i) => keys.some((other, j) => i !== j && other === keys[i]));
}

/** `2 networks and 1 edge differ`, from the keys of the parts that differ. */
export function differText(keys: readonly string[]): string {
  const edges = keys.filter((key) => key.includes('-')).length;
  const nodes = keys.length - edges;
  const networks = nodes > 0 ? `${counted(nodes, 'network')} and ` : '';
  return `${networks}${counted(edges, 'edge')} ${nodes === 0 && edges === 1 ? 'differs' : 'differ'}`;
}

/** What saved files name as their source. */
export const provenanceOf = (compared: readonly Compared[]): { graphs: object[] } => ({
  graphs: compared.map(({ title, graph, provenance }) => ({
    title,
    graph: toText(graph),
    ...provenance,
  })),
});
