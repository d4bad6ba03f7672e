import type { TrainingPlan } from './plan.ts';

/** A network trained alone: its weights are the teacher in frozen nodes. Only the last weights are kept. */
export interface Pretrained {
  id: number;
  /** Architecture's name. */
  model: string;
  training: TrainingPlan;
  seed: number;
  /** The pretraining run; null for imported weights. */
  run: number | null;
  /** Checkpoint that holds its weights; null until it is trained. */
  checkpoint: number | null;
  /** On the evaluation images of its plan, a fraction of 1; null until it is trained or when unknown. */
  accuracy: number | null;
  /** Where imported weights came from; '' for own training. */
  source: string;
  createdAt: number;
}

/**
 * Two pretrained networks are interchangeable iff this text is equal: same model, seed and training. The split counts only
 * where it decides which images were seen.
 */
export function pretrainedKey(model: string, training: TrainingPlan, seed: number): string {
  const { data, protocol, purpose, splitSeed, epochs, recipe, computation } = training;
  const images = protocol === 'paper' ? 'paper' : purpose === 'search' ? `held-out/${splitSeed}` : 'final';
  return JSON.stringify([model, seed, data, images, epochs, recipe, ...(computation ? [computation] : [])]);
}

/** How a frozen node of a graph names a network of the lab as its checkpoint. */
export const storedName = (id: number): string => `pretrained:${id}`;
