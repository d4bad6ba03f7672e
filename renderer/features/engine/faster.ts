import type { Device, EngineView } from '../../../core/lab/api.ts';

/** What one click would make faster: the library to install, and why. */
export interface Faster {
  readonly kind: 'cpu' | 'gpu';
  readonly why: string;
}

/** @param cards of this machine; null when nothing would be faster, or an install is under way */
export function fasterWith(engine: EngineView, cards: readonly Device[]): Faster | null {
  const [card] = cards;
  if (engine.install) return null;
  if (card && !engine.installed.some(({ kind }) => kind === 'gpu'))
    return {
      kind: 'gpu',
      why: `${card.title} is available but not used: TensorFlow for NVIDIA cards trains on it.`,
    };
  return engine.advice !== '' && engine.installed.length === 0
    ? { kind: 'cpu', why: engine.advice }
    : null;
}
