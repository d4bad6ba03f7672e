import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { LabError } from '../../base/errors.ts';
import { addNetwork } from '../added-network.ts';
import type { PretrainedView } from '../api.ts';
import type { Answers, LabContext } from '../lab-context.ts';
import { fileSize } from '../../train/safetensors.ts';
import {
  asCheckpoint,
  infoOf,
  readHeader,
  weightsOfNode,
  weightsWith,
} from '../../train/weights.ts';
import { environmentOf } from '../run-environment.ts';
import { networkFile } from './network-file.ts';

type Names =
  | 'pretrained.list'
  | 'pretrained.train'
  | 'pretrained.import'
  | 'pretrained.export'
  | 'pretrained.remove';

export function pretrainedRequests(context: LabContext): Answers<Names> {
  const { store, scheduler, views, files } = context;
  const view = (id: number): PretrainedView => views.pretrained().find((each) => each.id === id)!;
  return {
    'pretrained.list': () => views.pretrained(),
    'pretrained.train': ({ model, training, seed }) =>
      view(scheduler.pretrain(model, training, seed).id),
    'pretrained.import': async ({ model, training, file }) =>
      files.use(file, async (path, name) => {
        const models = await modelsIn(path);
        if (models['1'] !== model)
          throw new LabError('pretrained.wrong-model', {
            name,
            found: Object.values(models).join(', ') || 'no network',
            model,
          });
        const chunks = () => asCheckpoint(createReadStream(path, { highWaterMark: 1 << 20 }));
        const sum = await sumOf(chunks());
        const network = { model, training, accuracy: null, source: name };
        const added = await addNetwork(context, network, { ...sum, chunks: chunks() });
        return view(added.id);
      }),
    'pretrained.export': async ({ pretrained, format }, signal) => {
      const { checkpoint, model, id, seed, training, run } = store.pretrained(pretrained);
      if (checkpoint === null) throw new LabError('pretrained.no-weights', { model });
      const made = { seed, training, environment: run === null ? null : environmentOf(store, run) };
      const weights = store.readCheckpoint(checkpoint);
      const name = `${model}-pretrained-${id}`;
      if (format !== undefined) {
        const own = weightsOfNode(made, weights, 1);
        return networkFile(context, name, own, { format, data: training.data }, signal);
      }
      const chunks = weightsWith(made, weights);
      return files.offer(`${name}.safetensors`, 'application/octet-stream', chunks, signal);
    },
    'pretrained.remove': ({ pretrained }) => {
      const { run } = store.pretrained(pretrained);
      if (run !== null && ['waiting', 'running'].includes(store.run(run).state))
        scheduler.stopRun(run, 'now');
      store.removePretrained(pretrained);
      scheduler.pretrainedChanged();
      return {};
    },
  };
}

/** The models of a weights file by the numbers of their nodes. */
async function modelsIn(path: string): Promise<Record<string, string>> {
  const { size } = await stat(path);
  const header = await readHeader(createReadStream(path, { highWaterMark: 1 << 20 }));
  const { nodes } = infoOf(header.json);
  const expected = fileSize(header);
  if (size === expected) return nodes;
  throw new LabError('runs.weights-damaged', { size, expected });
}

async function sumOf(
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { sha256: hash.digest('hex'), bytes };
}
