import type { Gate } from './gate.ts';

/** "Correct" of the re-implementation by Yuki: the mean over the correct samples alone. */
export const correctMean = {
  name: 'correct-mean',
  letter: 'M',
  title: 'Correct Mean',
  formula: 'G(a) = δ(ŷ, y_s) · a · B / max(1, Σ δ(ŷ, y_s))',
  symbols:
    'δ(ŷ, y_s): 1 where the source’s answer y_s is the label ŷ, else 0; B: images in the batch',
  summary:
    'Passes only the samples that the source classifies correctly, and takes the mean over them.',
  color: '#9c5418',
  dash: '2 4',
  weight: () => 1,
  onlyCorrect: true,
  over: 'correct',
} as const satisfies Gate;
