/**
 * A lab over real processes that works on one study until it is done; meant to be killed.
 * Arguments: file, slots.
 */
import { fileURLToPath } from 'node:url';
import { stream } from '../../core/base/random.ts';
import { paperSpace } from '../../core/graph/space.ts';
import { Lab } from '../../core/lab/lab.ts';
import type { StudyPlan } from '../../core/study/plan.ts';
import { WorkerPool } from '../../core/workers/pool.ts';
import { plan, training } from '../contract/samples.ts';
import { noEngine, studyIs } from '../lab/support.ts';
import { fillNowAndThen, openLimited } from './full-disk.ts';

export const soakPlan: StudyPlan = plan({
  trials: 40,
  space: { ...paperSpace(2, 'resnet8', ['resnet8', 'wrn-10-1']), frozen: false },
  training: training({ epochs: 16 }),
  retries: 100,
});

/** Workers that play formulas, on so many slots of the processor. */
export const soakPool = (slots: number): WorkerPool =>
  new WorkerPool({
    devices: [
      {
        ...{ name: 'cpu', title: 'Soak', kind: 'cpu', memory: null },
        ...{ slots, maximumSlots: 8, present: true },
      },
    ],
    cores: 8,
    program: fileURLToPath(new URL('formula-worker.ts', import.meta.url)),
  });

if (import.meta.main) {
  const [file = '', slots = '1'] = process.argv.slice(2);
  const jumps = stream('clock', process.pid);
  const limited = openLimited(file);
  let isFull = false;
  const lab = new Lab({
    store: limited.store,
    runner: soakPool(Number(slots)),
    version: '0.0.0',
    revision: null,
    scheduler: { delayDivisor: 1000, hangAfter: 2, checkpointEvery: 0 },
    engine: noEngine,
    // A clock that jumps by up to a day, both ways: nothing may be decided by it.
    now: () => Date.now() + jumps.below(172_800_000) - 86_400_000,
  });
  const [card] = await lab.request('studies.list', {});
  const study =
    card?.study.id ??
    (await lab.request('studies.create', { name: 'Soak', plan: soakPlan, start: true })).study.id;
  lab.subscribe(['studies'], (event) => {
    // The lab tries again by itself: a full disk that it met may be over when it is counted.
    if (event.type === 'trouble') isFull ||= event.problem?.code === 'store.disk-full';
  });
  process.stdout.write('open\n');
  const end = fillNowAndThen(
    limited,
    stream('disk', process.pid),
    () => {
      const met = isFull;
      isFull = false;
      return met;
    },
    () => void lab.request('studies.resume', { study }),
  );
  await studyIs(lab, study, 'completed');
  end();
  await lab.close();
}
