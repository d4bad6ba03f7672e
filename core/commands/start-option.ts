import type { Graph } from '../graph/graph.ts';
import type { LabApi } from '../lab/api.ts';
import type { StudyPlan } from '../study/plan.ts';
import type { Start } from '../study/start.ts';
import { studyNamed, trialNamed } from './choices.ts';
import type { Options, Values } from './command.ts';
import { graphFrom } from './graph-argument.ts';
import { choiceOf } from './values.ts';

/** Options that choose a study's first trials. */
export const startOptions = {
  start: {
    type: 'string',
    value: 'WHAT',
    multiple: true,
    help:
      'first trials: known (the known methods that the space has; default), none, a graph as\n' +
      'text or file, or study:N, the best graph of study N; may be repeated',
  },
  'start-to-end': {
    type: 'string',
    value: 'yes|no',
    help: 'whether they run to the end whatever the rule says; default yes',
  },
} as const satisfies Options;

const STUDY = 'study:';

const wishes = (values: Values): string[] => (values.start ?? ['known']) as string[];

/** Returns the starting points of the options, but for those that only a lab knows. */
export function startFrom(values: Values, usual: Start): Start {
  const graphs = wishes(values).filter(
    (wish) => wish !== 'known' && wish !== 'none' && !wish.startsWith(STUDY),
  );
  return {
    methods: wishes(values).includes('known'),
    graphs: graphs.map((graph) => graphFrom(graph, undefined, [])),
    toTheEnd:
      choiceOf(values, 'start-to-end', ['yes', 'no'], usual.toTheEnd ? 'yes' : 'no') === 'yes',
  };
}

/**
 * Returns the plan with the best graphs of the studies that `--start study:N` names.
 *
 * @throws LabError `arguments.unknown-study`, `arguments.no-best`
 */
export async function withBestOfStudies(
  plan: StudyPlan,
  api: LabApi,
  values: Values,
): Promise<StudyPlan> {
  const named = wishes(values).filter((wish) => wish.startsWith(STUDY));
  const graphs: Graph[] = [];
  for (const wish of named) {
    const best = await trialNamed(api, await studyNamed(api, wish.slice(STUDY.length)), 'best');
    graphs.push(best.graph);
  }
  const { start } = plan;
  return start ? { ...plan, start: { ...start, graphs: [...start.graphs, ...graphs] } } : plan;
}
