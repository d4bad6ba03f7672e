import type { Gate } from './gate.ts';

/**
 * "Sin" of the re-implementation by Yuki with its defaults. Computed as sin²(πt / 2): 0.5 - 0.5
 * cos(πt) would lose the first weights of a long run to rounding.
 */
export const halfCosine = {
  name: 'half-cosine',
  letter: 'S',
  title: 'Half Cosine',
  formula: 'G(a) = (½ − ½ cos(π c / c_end)) · a',
  symbols: 'c: updates so far, c_end: updates in the whole run',
  summary: 'Grows from nothing to full strength in an S-curve over the run.',
  color: '#7830fc',
  dash: '6 3',
  weight: (progress) => Math.sin((Math.PI / 2) * progress) ** 2,
  onlyCorrect: false,
  over: 'batch',
} as const satisfies Gate;
