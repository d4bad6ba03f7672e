import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTemporary } from '../../base/temporary.ts';
import type { Pretrained } from '../../study/pretrained.ts';
import { importTeacher } from '../../workers/import-teacher.ts';
import type { RequestInput } from '../api.ts';
import type { Answers, LabContext } from '../lab-context.ts';
import { Queue } from '../queue.ts';

/** Networks of PyTorch as teachers. */
export function teacherRequests(context: LabContext): Answers<'teachers.import'> {
  const { views, files } = context;
  /** One at once: each may hold a data set in memory. */
  const queue = new Queue(1);
  return {
    'teachers.import': async (input, signal) =>
      queue.run(async () => {
        const added = await files.use(input.file, async (path, name) =>
          imported(context, input, { path, name }, signal),
        );
        return views.pretrained().find(({ id }) => id === added.id)!;
      }, signal),
  };
}

/** Measures a network and adds it to the store. */
async function imported(
  { store, scheduler, settings, batcher, now }: LabContext,
  { model, training, part, name, acceptAny = false }: RequestInput<'teachers.import'>,
  file: { path: string; name: string },
  signal?: AbortSignal,
): Promise<Pretrained> {
  const folder = makeTemporary('lab');
  const tell = (step: 'read' | 'data' | 'measure' | null, done: number, total: number): void => {
    const teacher = { file: file.name, step, done, total };
    batcher.now({ topic: 'pretrained', type: 'teacher-import', teacher });
  };
  try {
    const out = join(folder, 'teacher.safetensors');
    const { dataFolder, engine } = settings.get();
    const about = { path: file.path, source: file.name, model, part, training };
    const { accuracy, bytes, sha256 } = await importTeacher(
      { ...about, dataFolder, engine, out, acceptAny },
      ({ step, done, total }) => {
        tell(step, done, total);
      },
      signal,
    );
    const createdAt = now();
    const weights = { run: null, epoch: training.epochs, purpose: 'final', bytes, sha256 } as const;
    const chunks = createReadStream(out, { highWaterMark: 1 << 20 });
    const { id } = await store.saveCheckpoint({ ...weights, chunks }, createdAt);
    const own = { seed: 0, run: null, checkpoint: id, accuracy, asked: true, createdAt };
    const added = store.addPretrained({ model, training, ...own, source: name ?? file.name });
    scheduler.pretrainedChanged();
    return added;
  } finally {
    tell(null, 0, 0);
    await rm(folder, { recursive: true, force: true });
  }
}
