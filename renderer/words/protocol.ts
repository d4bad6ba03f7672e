/** Which images judge: every number on screen names its protocol. */
import type { TrainingPlan } from '../../core/lab/api.ts';

export const protocolText: Readonly<
  Record<TrainingPlan['protocol'], { readonly title: string; readonly about: string }>
> = {
  'held-out': {
    title: 'held-out protocol',
    about:
      '20 % of the training images are held out to rank graphs; the test images are used once, in the re-run.',
  },
  paper: {
    title: 'paper protocol',
    about:
      'As in the paper, the test images rank graphs, so the best accuracies are too optimistic.',
  },
};
