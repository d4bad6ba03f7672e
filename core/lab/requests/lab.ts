import { statfsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Download, LabProblem, LabStatus } from '../api.ts';
import type { Answers, LabContext } from '../lab-context.ts';

type Names = 'lab.status' | 'lab.check' | 'lab.backup' | 'lab.copy' | 'lab.compact';

/** Facts of a lab that its parts do not know. */
interface LabFacts {
  readonly version: string;
  readonly revision: string | null;
  readonly interrupted: () => LabStatus['interrupted'];
  readonly trouble: () => LabProblem | null;
  readonly sequence: () => number;
}

/** The lab itself: its status and its file. */
export function labRequests(context: LabContext, facts: LabFacts): Answers<Names> {
  const { store, views, batcher, engine } = context;
  return {
    'lab.status': () => ({
      version: facts.version,
      revision: facts.revision,
      file: store.place.file,
      readOnly: store.place.readOnly,
      heldBy: store.place.heldBy,
      sizes: store.sizes(),
      diskFree: diskFree(store.place.file),
      interrupted: facts.interrupted(),
      trouble: facts.trouble(),
      engine: engine.view(),
      slots: views.slots(),
      sequence: facts.sequence(),
    }),
    'lab.check': async () => ({ problems: await store.check() }),
    'lab.backup': async ({ path }) => {
      await store.backup(path);
      batcher.log('info', `The lab was copied to ${path}.`);
      return {};
    },
    'lab.copy': (_, signal) => copyOf(context, signal),
    'lab.compact': async () => {
      await store.compact();
      return store.sizes();
    },
  };
}

/** A copy of the lab file, ready to be read. */
async function copyOf({ store, files, now }: LabContext, signal?: AbortSignal): Promise<Download> {
  const day = new Date(now()).toISOString().slice(0, 10);
  const name = `${basename(store.place.file ?? 'lab', '.sqlite')}-${day}.sqlite`;
  const copy = async (path: string): Promise<void> => store.backup(path);
  const { total } = store.sizes();
  return files.offerMade(name, 'application/vnd.sqlite3', total, copy, signal);
}

/** Free bytes on the disk of a file; 0 when the system does not tell. */
function diskFree(file: string | null): number {
  try {
    const { bavail, bsize } = statfsSync(file === null ? '.' : dirname(file));
    return bavail * bsize;
  } catch {
    return 0;
  }
}
