import type * as v from 'valibot';
import type { RandomStream } from '../../base/random.ts';
import type { SearchSpace } from '../../graph/space.ts';
import type { Past } from './past.ts';

/** What a sampler is asked: the choices of one more trial. */
export interface Question {
  readonly space: SearchSpace;
  /** Trials that have ended. */
  readonly past: Past;
  /** Everything that is drawn comes from it. */
  readonly random: RandomStream;
}

/** Decides which graphs a study tries. */
export interface Sampler<Options> {
  readonly name: string;
  /** How a plan names it, with its options if it has any; checked when it comes from outside. */
  readonly schema: v.GenericSchema<unknown, Options>;
  /** Its line in the list of the form. */
  readonly title: string;
  /** It looks at trials that have ended; else a trial follows from the study's seed and its number alone. */
  readonly learns: boolean;
  /** One choice (by index) per dimension of the space. */
  propose(question: Question): number[];
}
