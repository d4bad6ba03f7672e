import { readFile, stat } from 'node:fs/promises';
import { LabError, problemOf } from '../../base/errors.ts';
import { graphKey } from '../../graph/canonical.ts';
import { checkGraph } from '../../graph/check.ts';
import { requireGraphSize } from '../../graph/file.ts';
import { parseGraph } from '../../graph/parse.ts';
import { toText } from '../../graph/text.ts';
import type { Graph, GraphCheck } from '../api.ts';
import type { Answers, LabContext } from '../lab-context.ts';
import { lookInThread } from '../look-thread.ts';

type Names =
  | 'devices.list'
  | 'slots.list'
  | 'slots.set'
  | 'graphs.check'
  | 'graphs.list'
  | 'graphs.save'
  | 'graphs.remove'
  | 'graphs.import'
  | 'data.list'
  | 'data.download'
  | 'data.cancel'
  | 'data.add'
  | 'data.remove'
  | 'data.samples'
  | 'engine.status'
  | 'engine.install'
  | 'engine.cancel'
  | 'engine.remove'
  | 'settings.get'
  | 'settings.set'
  | 'log.read'
  | 'files.begin'
  | 'files.append'
  | 'files.read'
  | 'files.forget';

/** Devices, graphs, data, engine, settings, log and files. */
export function restRequests(desk: LabContext): Answers<Names> {
  const { store, runner, views, teller, files, dataSets, engine, settings, now } = desk;
  const graphsChanged = (): void => {
    teller.now({ topic: 'graphs', type: 'graphs', graphs: store.savedGraphs() });
  };
  return {
    'devices.list': () => [...runner.devices()],
    'slots.list': () => views.slots(),
    'slots.set': ({ device, slots }) => {
      runner.setSlots(device, slots);
      settings.set({ slots: { [device]: slots } });
      teller.slots();
      return views.slots();
    },

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

    'data.list': () => dataSets.list(),
    'data.download': ({ data }) => dataSets.download(data),
    'data.cancel': ({ data }) => dataSets.cancel(data),
    'data.add': ({ file }, signal) => dataSets.add(file, signal),
    'data.remove': async ({ data }) => {
      await dataSets.remove(data);
      return {};
    },
    'data.samples': ({ data, count }, signal) => dataSets.samples(data, count, signal),

    'engine.status': () => engine.view(),
    'engine.install': ({ kind }) => engine.install(kind),
    'engine.cancel': () => engine.cancel(),
    'engine.remove': () => engine.remove(),

    'settings.get': () => settings.get(),
    'settings.set': (change) => {
      for (const [device, slots] of Object.entries(change.slots ?? {}))
        runner.setSlots(device, slots);
      return settings.set(change);
    },
    'log.read': (filter) => store.logs(filter),

    'files.begin': ({ name, bytes }, signal) => files.begin(name, bytes, signal),
    'files.append': ({ upload, offset, data }) => files.append(upload, offset, data),
    'files.read': ({ download, offset }) => files.portion(download, offset),
    'files.forget': async ({ file }) => {
      await files.forget(file);
      return {};
    },
  };
}

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
