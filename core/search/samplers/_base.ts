import type * as v from 'valibot';
import type { RandomStream } from '../../base/random.ts';
import type { Picks } from '../../graph/space.ts';
import type { Prior } from './prior.ts';

/** Known facts about an earlier trial when another one is drawn. */
export interface KnownTrial {
  /** One choice (by index) per dimension of the space; -1 for one that the space does not have. */
  readonly picks: Picks;
  /**
   * The target's accuracy by epoch: at every rung that the trial has passed or was stopped at, and
   * at its end. Empty for a trial that has not reached a rung yet.
   */
  readonly values: ReadonlyMap<number, number>;
}

/** The question to a sampler: the choices of one more trial. */
export interface Question {
  /** Number of choices of each dimension. */
  readonly sizes: readonly number[];
  /**
   * Earlier trials by number, those under way too; failed ones left out. Empty for a sampler that
   * does not learn.
   */
  readonly known: readonly KnownTrial[];
  /** How likely settings are before anything is known; null: every choice as likely. */
  readonly prior: Prior | null;
  /** The same choices with null for those without meaning beside the others. */
  readonly settled: (picks: readonly number[]) => Picks;
  /** Everything that is drawn comes from it. */
  readonly random: RandomStream;
  /**
   * True of choices that are worth a trial: they can be trained, and no earlier trial has the same
   * graph.
   */
  readonly accepts: (picks: readonly number[]) => boolean;
}

/** Decides which graphs a study tries. */
export interface Sampler<Options> {
  readonly name: string;
  /** How a plan names it, with its options if it has any; checked when it comes from outside. */
  readonly schema: v.GenericSchema<unknown, Options>;
  /** Its line in the list of the form. */
  readonly title: string;
  /**
   * It looks at earlier trials; else a trial follows from the study's seed and its number alone.
   */
  readonly learns: boolean;
  /** Trials below this number are drawn at random, whatever is known by then. */
  readonly randomStart: number;
  /**
   * One choice (by index) per dimension. The answer follows from the question alone. A sampler that
   * learns gives choices that are accepted where it finds some; the caller checks.
   */
  propose(question: Question): number[];
}
