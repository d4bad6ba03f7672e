import { LABEL, type Graph } from '../graph/graph.ts';
import { paperSpace } from '../graph/space.ts';
import { paperRule, recipeFor } from '../study/plan.ts';
import type { StudyPlan } from '../study/plan.ts';
import { type Command, Exit } from './command.ts';
import { labOptions, labUsage, withLab } from './lab-access.ts';
import { jsonLine, line } from './report.ts';
import { followRerun } from './rerun.ts';
import { follow } from './search.ts';

const EPOCHS = 8;

/** Sixteen graphs of two small networks on built-in pictures: with the re-run about five minutes on two cores. */
const plan: StudyPlan = {
  seed: 1,
  trials: 16,
  space: { ...paperSpace(2, 'resnet8', ['resnet8', 'resnet14']), frozen: false },
  rule: paperRule,
  sampler: 'random',
  training: {
    data: 'synthetic',
    protocol: 'held-out',
    purpose: 'search',
    splitSeed: 0,
    epochs: EPOCHS,
    recipe: recipeFor(EPOCHS),
  },
  rejected: 'resample',
  duplicates: 'reuse',
  retries: 2,
};

export const command: Command = {
  usage: `ktg tour [options]          a small real search on built-in pictures, live, then its best graph over five seeds
                            beside the single network: about five minutes on two cores

${labUsage}
                    as in ktg search and ktg rerun

Ctrl-C as in ktg search.`,
  options: labOptions,
  run: async (values) =>
    withLab(values, 'work', async (lab) => {
      const json = values.json === true;
      const { study } = await lab.api.request('studies.create', { name: 'Tour', plan, start: true });
      if (json) jsonLine({ event: 'study', study: study.id });
      else {
        line(
          '1. A search: who should teach whom? Every graph is trained; the worst half stops at epochs 1, 2 and 4.\n',
        );
      }
      const searched = await follow(lab, study.id, json);
      if (searched !== Exit.done) return searched;
      const { best } = await lab.api.request('studies.open', { study: study.id });
      if (!json) {
        line('\n2. Is it luck? The best graph and the single network, each from the same five new seeds.');
        if (!isTaught(best!.graph))
          line('Nobody teaches the target of the best graph: it is the single network, and must do as well.');
        line('');
      }
      const view = await lab.api.request('reruns.create', {
        name: 'Tour, best graph',
        from: { run: best!.run },
        seeds: 5,
        baselines: ['independent'],
        start: true,
      });
      const repeated = await followRerun(lab, view, json);
      if (!json && repeated === Exit.done)
        line(`\nBoth are kept in ${lab.file}. Look at them: ktg serve. A longer search: ktg help search.`);
      return repeated;
    }),
};

/** Whether any network teaches node 1. */
const isTaught = (graph: Graph): boolean =>
  graph.edges.some(
    ({ source, destination, gate }) => destination === 1 && source !== LABEL && gate !== 'cutoff',
  );
