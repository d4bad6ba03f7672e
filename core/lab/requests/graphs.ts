import { readFile, stat } from 'node:fs/promises';
import { LabError } from '../../base/errors.ts';
import { graphKey } from '../../graph/canonical.ts';
import { checkGraph } from '../../graph/check.ts';
import { requireGraphSize } from '../../graph/file.ts';
import { parseGraph } from '../../graph/parse.ts';
import { toText } from '../../graph/text.ts';
import type { Graph, GraphCheck } from '../api.ts';
import { problemOf } from '../engine-manager.ts';
import { lookInThread } from '../look-thread.ts';
import type { Answers, LabContext } from '../lab-context.ts';

type Names = 'graphs.check' | 'graphs.list' | 'graphs.save' | 'graphs.remove' | 'graphs.import';

/** Graphs that a person keeps, or brings in from a file. */
export function graphRequests({ store, files, batcher, now }: LabContext): Answers<Names> {
  const graphsChanged = (): void => {
    batcher.now({ topic: 'graphs', type: 'graphs', graphs: store.savedGraphs() });
  };
  return {
    'graphs.check': ({ graph }) => checked(() => parseGraph(graph)),
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
    'graphs.import': async ({ file }) =>
      files.use(file, async (path, name) => {
        requireGraphSize((await stat(path)).size, name);
        const bytes = await readFile(path);
        return checked(() => lookInThread('graph', { bytes }));
      }),
  };
}

/** A graph as it was understood, or why not. */
async function checked(read: () => Graph | Promise<Graph>): Promise<GraphCheck> {
  try {
    const graph = await read();
    return {
      graph,
      error: null,
      problems: checkGraph(graph),
      key: graphKey(graph),
      text: toText(graph),
    };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { graph: null, error: problemOf(error), problems: [], key: null, text: null };
  }
}
