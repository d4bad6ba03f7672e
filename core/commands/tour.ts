import { type Graph, LABEL } from '../graph/graph.ts';
import { quickLook } from '../study/presets.ts';
import { type Command, Exit } from './command.ts';
import { followRerun, followStudy } from './follow.ts';
import { ask, labOptions, withLab } from './lab-access.ts';
import { jsonLine, line } from './report.ts';
import { jsonOption } from './usage.ts';

/** Five to ten minutes on two cores, the re-run included. */
const plan = { ...quickLook(1), trials: 16 };

export const command: Command = {
  forms: [
    [
      'tour [options]',
      'runs a small real search on built-in pictures, live, then trains its best graph and the ' +
        'single network with five seeds: five to ten minutes on two cores',
    ],
  ],
  options: { ...labOptions, json: jsonOption('as in ktg search and ktg rerun') },
  note: 'Ctrl-C as in ktg search.',
  words: 0,
  run: async (values) =>
    withLab(values, 'work', async (lab) => {
      const json = values.json === true;
      const say = (...lines: string[]): void => {
        if (!json) for (const text of lines) line(text);
      };
      const card = await lab.api.request('studies.create', { name: 'Tour', plan, start: true });
      if (json) jsonLine({ event: 'study', ...card });
      say(
        '1. A search: who should teach whom?',
        '',
        `Sixteen graphs of two networks are trained; the worst half stops at epochs 1, 2, 4.`,
        'A graph is written as one word per network: what it is, then a letter for each',
        'of its teachers, the label first, then the other network. T: it teaches all the',
        'time, L: more and more, C: only where it is right, X: never.',
        '',
      );
      const searched = await followStudy(lab, card.study.id, json, () => '');
      if (searched !== Exit.done) return searched;
      const { best } = await ask(lab, 'studies.open', { study: card.study.id });
      say(
        '',
        '2. Is it luck? The best graph and the single network, each from five new seeds.',
        ...(isTaught(best!.graph)
          ? []
          : ['No network teaches the target of this graph, so it equals the single network.']),
        '',
      );
      const view = await lab.api.request('reruns.create', {
        name: 'Tour, best graph',
        from: { run: best!.run },
        seeds: 5,
        baselines: ['independent'],
        start: true,
      });
      const repeated = await followRerun(lab, view, json);
      if (repeated === Exit.done)
        say(
          '',
          `Both are kept in ${lab.file}.`,
          'See them with: ktg serve. A longer search: ktg help search.',
        );
      return repeated;
    }),
};

/** True when a network teaches node 1. */
const isTaught = (graph: Graph): boolean =>
  graph.edges.some(
    ({ source, destination, gate }) => destination === 1 && source !== LABEL && gate !== 'cutoff',
  );
