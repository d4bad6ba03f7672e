import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTemporary } from '../../base/temporary.ts';
import type { Pretrained } from '../../study/pretrained.ts';
import { importTeacher } from '../../workers/import-teacher.ts';
import { addNetwork } from '../added-network.ts';
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
  context: LabContext,
  { model, training, part, name, acceptAny = false }: RequestInput<'teachers.import'>,
  file: { path: string; name: string },
  signal?: AbortSignal,
): Promise<Pretrained> {
  const { settings, batcher } = context;
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
    const network = { model, training, accuracy, source: name ?? file.name };
    const chunks = createReadStream(out, { highWaterMark: 1 << 20 });
    return await addNetwork(context, network, { bytes, sha256, chunks });
  } finally {
    tell(null, 0, 0);
    await rm(folder, { recursive: true, force: true });
  }
}
