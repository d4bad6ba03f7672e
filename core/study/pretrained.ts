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

/** Two pretrained networks are interchangeable iff this text is equal: same model, same training, same seed. */
export const pretrainedKey = (model: string, training: TrainingPlan, seed: number): string =>
  JSON.stringify([
    model,
    seed,
    training.data,
    training.protocol,
    training.purpose,
    training.protocol === 'held-out' ? training.splitSeed : 0,
    training.epochs,
    training.recipe,
  ]);
