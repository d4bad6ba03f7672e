/** Which images judge: every number on screen names its protocol. */
import type { TrainingPlan } from '../../core/lab/api.ts';

export const protocolText: Readonly<
  Record<TrainingPlan['protocol'], { readonly title: string; readonly about: string }>
> = {
  'held-out': {
    title: 'held-out protocol',
    about:
      'A fifth of the training images judges the search, where the paper took the test images; these are read once, by the re-run of the chosen graph.',
  },
  paper: {
    title: 'paper protocol',
    about: 'The test images judge the search, as in the paper: its accuracies are tuned on them.',
  },
};
