/** How numbers are made, as a person chooses it: what is not chosen is the device's usual way. */
import type { EngineView, TrainingPlan } from '../../core/lab/api.ts';

type Wish = NonNullable<TrainingPlan['computation']>;
export type Precision = NonNullable<Wish['precision']>;

interface Choice {
  readonly precision: Precision | null;
  readonly title: string;
  readonly about: string;
  /** Why every trial would be refused on this machine; '' where it works. */
  readonly obstacle: string;
}

/**
 * What convolutions can compute in, with what applies on this machine. Weights, losses and updates
 * are float32 always.
 */
export function precisionChoices({
  kind,
  bfloat16,
}: Pick<EngineView, 'kind' | 'bfloat16'>): readonly Choice[] {
  return [
    {
      precision: null,
      title: `default (${kind === 'gpu' ? 'TF32' : 'float32'})`,
      about:
        kind === 'gpu'
          ? 'NVIDIA cards use TF32, processors float32.'
          : 'Processors use float32, NVIDIA cards TF32.',
      obstacle: '',
    },
    {
      precision: 'float32',
      title: 'float32',
      about: 'Full precision, the same on every device.',
      obstacle: '',
    },
    {
      precision: 'tf32',
      title: 'TF32',
      about: 'Factors of 10 bits, sums in float32; for NVIDIA cards.',
      obstacle: kind === 'gpu' ? '' : 'needs an NVIDIA card',
    },
    {
      precision: 'bfloat16',
      title: 'bfloat16',
      about: 'Factors of 7 bits, sums in float32; less time and memory.',
      obstacle: bfloat16
        ? ''
        : kind === 'portable'
          ? 'needs TensorFlow'
          : 'this processor has no instructions for it',
    },
  ];
}

/** A plan that computes in another precision, with the device's usual compiler. */
export const withPrecision = (training: TrainingPlan, precision: Precision | null): TrainingPlan =>
  withWish(training, {
    ...(training.computation?.deterministic && { deterministic: true }),
    ...(precision && { precision }),
  });

export function withDeterminism(training: TrainingPlan, deterministic: boolean): TrainingPlan {
  const { deterministic: _before, ...rest } = training.computation ?? {};
  return withWish(training, { ...rest, ...(deterministic && { deterministic }) });
}

/** A plan without wishes does not speak of them. */
function withWish({ computation: _before, ...rest }: TrainingPlan, wish: Wish): TrainingPlan {
  return Object.keys(wish).length > 0 ? { ...rest, computation: wish } : rest;
}
