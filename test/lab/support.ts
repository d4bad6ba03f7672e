import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Lab } from '../../core/lab/lab.ts';
import type { EngineWork } from '../../core/lab/engine-manager.ts';
import type { LabApi, LabEvent, Topic } from '../../core/lab/api.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import type { Store } from '../../core/store/store.ts';
import { ScriptedRunner, type Script } from '../search/scripted-runner.ts';

export const noEngine: EngineWork = {
  facts: () => ({
    engine: 'portable',
    version: 'none',
    kind: 'portable',
    advice: '',
    bfloat16: false,
    installed: [],
    problem: null,
  }),
  install: async (_variant, onProgress) => {
    onProgress({ step: 'downloading', bytes: 1, total: 2 });
    return Promise.resolve();
  },
  remove: async () => Promise.resolve(),
};

/** A lab whose workers play formula curves. */
export function scriptedLab(script: Partial<Script> = {}, store: Store = openMemoryStore()): Lab {
  return new Lab({
    store,
    runner: new ScriptedRunner({ slots: 2, ...script }),
    version: '0.0.0',
    revision: null,
    scheduler: { delayDivisor: 1000 },
    engine: noEngine,
  });
}

/** Waits for an event that fits. */
export async function eventOf<Type extends LabEvent['type']>(
  lab: LabApi,
  topic: Topic,
  type: Type,
  fits: (event: LabEvent & { type: Type }) => boolean = () => true,
  after?: number,
): Promise<LabEvent & { type: Type }> {
  return new Promise((resolve) => {
    const undo = lab.subscribe(
      [topic],
      (event) => {
        if (event.type !== type || !fits(event as LabEvent & { type: Type })) return;
        queueMicrotask(() => {
          undo();
        });
        resolve(event as LabEvent & { type: Type });
      },
      after,
    );
  });
}

/** Waits until a study is in a state. */
export async function studyIs(lab: LabApi, study: number, state: string): Promise<void> {
  const { sequence } = await lab.request('lab.status', {});
  const there = (await lab.request('studies.list', {})).some(
    (card) => card.study.id === study && card.study.state === state,
  );
  if (there) return;
  await eventOf(
    lab,
    'studies',
    'study',
    ({ card }) => card.study.id === study && card.study.state === state,
    sequence,
  );
}

/** A folder that goes with the test. */
export async function temporaryFolder(context: {
  after(work: () => Promise<void>): void;
}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ktg-test-'));
  context.after(async () => rm(folder, { recursive: true, force: true }));
  return folder;
}
