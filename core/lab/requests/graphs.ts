import { graphKey } from '../../graph/canonical.ts';
import type { Answers, LabContext } from '../lab-context.ts';

type Names = 'graphs.list' | 'graphs.save' | 'graphs.remove';

/** Graphs that a person keeps. */
export function graphRequests({ store, batcher, now }: LabContext): Answers<Names> {
  const graphsChanged = (): void => {
    batcher.now({ topic: 'graphs', type: 'graphs', graphs: store.savedGraphs() });
  };
  return {
    'graphs.list': () => store.savedGraphs(),
    'graphs.save': ({ name, graph }) => {
      const saved = store.saveGraph({ name, graph, key: graphKey(graph), createdAt: now() });
      graphsChanged();
      return saved;
    },
    'graphs.remove': ({ graph }) => {
      store.removeGraph(graph);
      graphsChanged();
      return {};
    },
  };
}
