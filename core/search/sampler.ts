import { shuffle, stream } from '../base/random.ts';
import { graphKey } from '../graph/canonical.ts';
import type { Graph } from '../graph/graph.ts';
import { hasMeaning } from '../graph/picks.ts';
import type { Condition } from '../graph/picks.ts';
import { formCount } from '../graph/space-size.ts';
import { graphAt, judgeDraw } from '../graph/space.ts';
import type { StudyPlan } from '../study/plan.ts';
import type { Knowledge } from './knowledge.ts';
import { random as randomSampler } from './samplers/random.ts';
import { samplerOf } from './samplers/samplers.ts';
import { spaceTables } from './space-tables.ts';

/**
 * Stands in the record of every draw. Raise it with each change that lets a draw come out
 * otherwise, also one of a sampler or of the starting points: older draws can then not be repeated.
 */
export const DRAW_VERSION = 1;

/** A drawn trial i: it follows from (study seed, i) and the earlier trials if the sampler learns. */
export interface SampledTrial {
  graph: Graph;
  /** Canonical key of the graph. */
  key: string;
  /** Seed of its training. */
  seed: number;
  /** Graphs that were drawn before it and rejected, in order of drawing. */
  rejected: { draw: number; key: string; reason: string }[];
  /** Why the trial itself is rejected; null when it can be trained. */
  rejection: string | null;
  /** No graph was found that no earlier trial has: it is the same as one of them. */
  isExhausted: boolean;
}

const nothingKnown: Knowledge = { known: [], has: () => false, isExhausted: false };

/**
 * Proposals that may be rejected, or be the same as earlier trials, before draws are random after
 * all.
 */
const PROPOSALS = 20;
/**
 * Random draws after them that may be the same as earlier trials before the space counts as
 * exhausted.
 */
const REDRAWS = 1000;
/** Settings of a space that are all looked at before it counts as exhausted. */
const LISTABLE = 1024n;

/**
 * Draws trial `number` of a study. A rejected graph is drawn again, unless rejected graphs count as
 * trials. Expects a space for which `requirePossible` holds: then at least one draw in 2^7 is
 * accepted, since each node is free with one half or more.
 *
 * A sampler that learns draws again what an earlier trial has, unless equal graphs are to be
 * trained again.
 */
export function sampleTrial(
  plan: StudyPlan,
  number: number,
  knowledge = nothingKnown,
): SampledTrial {
  const sampler = samplerOf(plan.sampler);
  const { sizes, conditions, settled, prior } = spaceTables(plan);
  const seed = stream(plan.seed, 'training', number).next();
  const look = lookIn(
    plan,
    sampler.learns && plan.duplicates === 'reuse' ? knowledge : nothingKnown,
  );
  const accepts = (picks: readonly number[]): boolean => look(picks).isWanted;
  const asked = { sizes, known: knowledge.known, prior, accepts, settled };
  const rejected: SampledTrial['rejected'] = [];
  let first: SampledTrial | undefined;
  for (let draw = 0; ; draw++) {
    const random = stream(plan.seed, 'graph', number, draw);
    const by = draw < PROPOSALS ? sampler : randomSampler;
    const found = look(by.propose({ ...asked, random }));
    const { isWanted, isRepeated, graph, key, reason } = found;
    const trial = {
      graph,
      key,
      seed,
      rejected: [...rejected],
      rejection: reason,
      isExhausted: isRepeated,
    };
    if (isWanted) return trial;
    if (!isRepeated) rejected.push({ draw, key, reason: reason! });
    else first ??= trial;
    // A duplicate is returned only when no other graph is found.
    if (first && (knowledge.isExhausted || draw === PROPOSALS + REDRAWS)) return first;
    if (first && draw === PROPOSALS && formCount(plan.space) <= LISTABLE) {
      const left = shuffle(allPicks(sizes, conditions), random)
        .map(look)
        .find((each) => each.isWanted);
      return left ? { ...trial, ...left, rejection: left.reason, isExhausted: false } : first;
    }
  }
}

interface Look {
  graph: Graph;
  key: string;
  /** Why it cannot be trained. */
  reason: string | null;
  isRepeated: boolean;
  /** It is worth a trial. */
  isWanted: boolean;
}

/** The graph that choices make. */
const lookIn =
  ({ space, rejected }: StudyPlan, earlier: Pick<Knowledge, 'has'>) =>
  (picks: readonly number[]): Look => {
    const { graph, rejected: reason = null } = judgeDraw(space, graphAt(space, picks));
    const key = graphKey(graph);
    const isRepeated = earlier.has(key);
    return {
      graph,
      key,
      reason,
      isRepeated,
      isWanted: !isRepeated && (reason === null || rejected === 'count'),
    };
  };

/** Every setting of a space that makes another graph, for small ones. */
const allPicks = (
  sizes: readonly number[],
  conditions: readonly (Condition | null)[],
): number[][] =>
  sizes.reduce<number[][]>(
    (all, size, at) =>
      all.flatMap((picks) =>
        Array.from({ length: hasMeaning(conditions, picks, at) ? size : 1 }, (_, pick) => [
          ...picks,
          pick,
        ]),
      ),
    [[]],
  );
