import type { NewCheckpoint } from '../store/store.ts';
import type { Pretrained } from '../study/pretrained.ts';
import type { LabContext } from './lab-context.ts';

/** Adds a network from a file, with its weights, as one that a person asked for. */
export async function addNetwork(
  { store, scheduler, now }: LabContext,
  network: Pick<Pretrained, 'model' | 'training' | 'accuracy' | 'source'>,
  weights: Pick<NewCheckpoint, 'bytes' | 'sha256' | 'chunks'>,
): Promise<Pretrained> {
  const createdAt = now();
  const { id: checkpoint } = await store.saveCheckpoint(
    { ...weights, run: null, epoch: network.training.epochs, purpose: 'final' },
    createdAt,
  );
  const own = { seed: 0, run: null, checkpoint, asked: true, createdAt };
  const added = store.addPretrained({ ...network, ...own });
  scheduler.pretrainedChanged();
  return added;
}
