import { once } from 'node:events';
import { LabError, messageOf, problem, problemOf } from '../base/errors.ts';
import { imageBytes } from '../data/dataset.ts';
import { packDataset } from '../data/delivery.ts';
import { openDataset } from '../data/resolve.ts';
import type { DataLook } from './look.ts';
import type {
  LookKind,
  LookMessage,
  LookProgress,
  LookRequest,
  LookResult,
  Looks,
} from './look.ts';
import { png } from '../base/encode-png.ts';

const post = (message: LookMessage): void => {
  process.send!(message);
};

/** Reads a data set in a process of its own: unpacking and hashing 180 MB would hold the lab up. */
async function lookAtData({
  spec,
  folder,
  count,
}: LookRequest & { kind: 'data' }): Promise<DataLook> {
  const dataset = await openDataset(spec, {
    folder,
    download: false,
    onProgress: ({ phase, ...progress }) => {
      if (phase === 'decode') post({ progress: progress as LookProgress });
    },
  });
  const { images, labels, ...look } = dataset;
  const { classNames, side, trainCount } = look;
  const bytes = imageBytes(side);
  const shown = Math.min(count, trainCount);
  const samples = Array.from({ length: shown }, (_, index) => {
    const image = Math.floor((index * trainCount) / shown);
    const label = labels[image]!;
    const pixels = images.subarray(image * bytes, (image + 1) * bytes);
    const data = png(pixels, side, side).toString('base64');
    return { label: classNames?.[label] ?? String(label), image: `data:image/png;base64,${data}` };
  });
  const classCounts = Array.from({ length: look.classes }, () => 0);
  for (const label of labels) classCounts[label]!++;
  return { ...look, classCounts, samples };
}

async function look(request: LookRequest): Promise<Looks[LookKind]> {
  if (request.kind === 'data') return lookAtData(request);
  if (request.kind === 'delivery') return packDataset(request.spec, request.folder);
  // A data set needs no database.
  const { listOptuna, readOptuna } = await import('../store/transfer/optuna-file.ts');
  if (request.kind === 'optuna-list') return listOptuna(request.path);
  return readOptuna(request.path, request.study);
}

process.once('disconnect', () => process.exit(1)); // nobody waits any more
const [request] = (await once(process, 'message')) as [LookRequest];
const result = await look(request).then(
  (found): LookResult => ({ look: found }),
  (error: unknown): LookResult => ({
    problem:
      error instanceof LabError
        ? problemOf(error)
        : problem('data.unreadable/file', { reason: messageOf(error) }),
  }),
);
post(result);
