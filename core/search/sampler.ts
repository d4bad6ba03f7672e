import { stream } from '../base/random.ts';
import { graphKey } from '../graph/canonical.ts';
import type { Graph } from '../graph/graph.ts';
import { graphAt, judgeDraw } from '../graph/space.ts';
import type { StudyPlan } from '../study/plan.ts';
import { Past } from './samplers/past.ts';
import { random } from './samplers/random.ts';
import { samplerOf } from './samplers/samplers.ts';

/** What trial i is: by random drawing, decided by (study seed, i) alone. */
export interface SampledTrial {
  graph: Graph;
  /** Canonical key of the graph. */
  key: string;
  /** Seed of its training. */
  seed: number;
  /** Drawn before it and rejected, in order of drawing. */
  rejected: { draw: number; key: string; reason: string }[];
  /** Why the trial itself is rejected; null when it can be trained. */
  rejection: string | null;
}

/** Proposals of a sampler that may be rejected before a trial is drawn at random after all. */
const PROPOSALS = 100;

/**
 * Draws trial `number` of a study. A rejected graph is drawn again, unless rejected graphs count as trials. Expects a space
 * for which `requirePossible` holds: then at least one draw in 2^7 is accepted, since each node is free with one half or more.
 *
 * @param past trials that have ended: only a sampler that learns looks at them, so that its trials follow from (study seed, number, past)
 */
export function sampleTrial(plan: StudyPlan, number: number, past: Past = new Past()): SampledTrial {
  const seed = stream(plan.seed, 'training', number).next();
  const rejected: SampledTrial['rejected'] = [];
  for (let draw = 0; ; draw++) {
    const sampler = draw < PROPOSALS ? samplerOf(plan.sampler) : random;
    const question = { space: plan.space, past, random: stream(plan.seed, 'graph', number, draw) };
    const drawn = judgeDraw(plan.space, graphAt(plan.space, sampler.propose(question)));
    const key = graphKey(drawn.graph);
    if (drawn.rejected === undefined) return { graph: drawn.graph, key, seed, rejected, rejection: null };
    if (plan.rejected === 'count')
      return { graph: drawn.graph, key, seed, rejected, rejection: drawn.rejected };
    rejected.push({ draw, key, reason: drawn.rejected });
  }
}
