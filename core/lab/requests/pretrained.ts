import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { LabError } from '../../base/errors.ts';
import type { PretrainedView } from '../api.ts';
import type { Answers, Desk } from '../desk.ts';
import { headerOf, modelsOf, sizeOf } from '../weights.ts';

type Names =
  'pretrained.list' | 'pretrained.train' | 'pretrained.import' | 'pretrained.export' | 'pretrained.remove';

export function pretrainedRequests({ store, scheduler, views, files, teller, now }: Desk): Answers<Names> {
  const view = (id: number): PretrainedView => views.pretrained().find((each) => each.id === id)!;
  return {
    'pretrained.list': () => views.pretrained(),
    'pretrained.train': ({ model, training, seed }) => view(scheduler.pretrain(model, training, seed).id),
    'pretrained.import': async ({ model, training, file }) =>
      files.use(file, async (path, name) => {
        const { sha256, models } = await inspect(path);
        if (models['1'] !== model)
          throw new LabError(
            'pretrained.wrong-model',
            `${name} holds ${Object.values(models).join(', ') || 'no network'}; expected ${model} as node 1.`,
            'Choose the weights of a network that was trained alone.',
          );
        const at = now();
        const { size: bytes } = await stat(path);
        const chunks = createReadStream(path, { highWaterMark: 1 << 20 });
        const weights = {
          run: null,
          epoch: training.epochs,
          purpose: 'final' as const,
          bytes,
          sha256,
          chunks,
        };
        const checkpoint = await store.saveCheckpoint(weights, at);
        const about = { model, training, seed: 0, run: null, checkpoint: checkpoint.id };
        const added = store.addPretrained({ ...about, accuracy: null, source: name, createdAt: at });
        teller.pretrained();
        return view(added.id);
      }),
    'pretrained.export': async ({ pretrained }) => {
      const { checkpoint, model, id } = store.pretrained(pretrained);
      if (checkpoint === null)
        throw new LabError('pretrained.no-weights', `The pretrained ${model} has no weights yet.`, 'Wait until it is trained.'); // prettier-ignore
      const chunks = store.readCheckpoint(checkpoint);
      return files.offer(`${model}-pretrained-${id}.safetensors`, 'application/octet-stream', chunks);
    },
    'pretrained.remove': ({ pretrained }) => {
      const { run, checkpoint } = store.pretrained(pretrained);
      if (run !== null && ['waiting', 'running'].includes(store.run(run).state))
        scheduler.stopRun(run, 'now');
      store.transaction(() => {
        store.removePretrained(pretrained);
        if (checkpoint !== null) store.dropCheckpoint(checkpoint);
      });
      teller.pretrained();
      return {};
    },
  };
}

/** Hash of a weights file, and the models of its nodes. */
async function inspect(path: string): Promise<{ sha256: string; models: Record<string, string> }> {
  const hash = createHash('sha256');
  let begin: Buffer | null = Buffer.alloc(0);
  let models: Record<string, string> | null = null;
  let expected = 0;
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
    if (!begin) continue;
    begin = Buffer.concat([begin, chunk]);
    const header = headerOf(begin);
    if (!header) continue;
    models = modelsOf(header.json);
    expected = sizeOf(header);
    begin = null;
  }
  if (!models) throw new LabError('runs.not-weights', 'The file ends before its header does.', 'Choose an intact file.'); // prettier-ignore
  if (bytes !== expected)
    throw new LabError('runs.weights-damaged', `The file has ${bytes} bytes; its header speaks of ${expected}.`, 'It is cut off or damaged: export or copy it again.'); // prettier-ignore
  return { sha256: hash.digest('hex'), models };
}
