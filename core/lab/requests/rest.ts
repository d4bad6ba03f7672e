import { graphKey } from '../../graph/canonical.ts';
import type { Answers, LabContext } from '../lab-context.ts';

type Names =
  | 'devices.list'
  | 'slots.list'
  | 'slots.set'
  | 'graphs.list'
  | 'graphs.save'
  | 'graphs.remove'
  | 'data.list'
  | 'data.download'
  | 'data.cancel'
  | 'data.add'
  | 'data.remove'
  | 'data.samples'
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
    'data.list': () => dataSets.list(),
    'data.download': ({ data }) => dataSets.download(data),
    'data.cancel': ({ data }) => dataSets.cancel(data),
    'data.add': ({ file }, signal) => dataSets.add(file, signal),
    'data.remove': async ({ data }) => {
      await dataSets.remove(data);
      return {};
    },
    'data.samples': ({ data, count }, signal) => dataSets.samples(data, count, signal),

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
