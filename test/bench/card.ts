import { LabError } from '../../core/base/errors.ts';
import { type Card, findCards } from '../../core/devices/cards.ts';

/**
 * The card that benches measure: the first one that is visible.
 * @throws LabError `bench.no-card`
 */
export async function firstCard(): Promise<Card> {
  const [card] = await findCards();
  if (card) return card;
  throw new LabError({
    code: 'bench.no-card',
    message: 'nvidia-smi lists no card, or CUDA_VISIBLE_DEVICES hides them all.',
    next: 'ktg doctor says more; --device cpu tries the script.',
  });
}
