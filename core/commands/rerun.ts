import { LabError } from '../base/errors.ts';
import { PROTOCOLS } from '../data/split.ts';
import { placeText } from '../study/place.ts';
import { BASELINES } from '../study/rerun.ts';
import type { Baseline, LabApi, RerunInput, RerunView, StudyCard } from '../lab/api.ts';
import { studyNamed, trialNamed } from './choices.ts';
import type { Command, Values } from './command.ts';
import { computationFrom, computationOptions, computationPart } from './computation.ts';
import { followRerun } from './follow.ts';
import { graphFrom } from './graph-argument.ts';
import type { AttachedLab } from '../host/attach.ts';
import { labOptions, withLab } from './lab-access.ts';
import { placedBy, placeOptions } from './place-option.ts';
import { line } from './report.ts';
import { previewLines } from './rerun-words.ts';
import { setSlots, slotsOption } from './slots.ts';
import { choiceOf, idOption, integerOption, nameOf, textOf } from './values.ts';
import { watchEvents } from './watch.ts';
import { jsonOption } from './usage.ts';

export const command: Command = {
  forms: [
    [
      'rerun [STUDY] [options]',
      "trains a trial's graph again with new seeds: mean, standard deviation, every value",
    ],
  ],
  arguments: { STUDY: 'number or name of a study; default the last one' },
  options: {
    trial: { type: 'string', value: 'N|best', help: 'the trial; default best' },
    graph: {
      type: 'string',
      value: 'G',
      help:
        'another graph, trained by the plan of the study: a file, a text form, or a template ' +
        'with --nodes',
    },
    nodes: { type: 'string', value: 'A,B,...', help: "architectures of a template's nodes" },
    seeds: { type: 'string', value: 'N', help: 'default 5, as in the paper' },
    baselines: {
      type: 'boolean',
      help: 'also Independent, KD, DML, KD + DML and all-Through with the same architectures',
    },
    baseline: {
      type: 'string',
      value: 'B',
      multiple: true,
      help: `only this baseline; may be repeated: ${BASELINES.join(', ')}`,
    },
    purpose: {
      type: 'string',
      value: 'P',
      help:
        'final (default): trained on all training images, judged by the test images; ' +
        'search: as in the study',
    },
    protocol: { type: 'string', value: 'P', help: "held-out or paper; default the study's" },
    name: { type: 'string', value: 'NAME', help: 'name of the re-run' },
    continue: { type: 'string', value: 'N', help: 'continue re-run N instead' },
    ...slotsOption,
    ...placeOptions,
    ...computationOptions,
    compiler: {
      ...computationOptions.compiler,
      help: `${computationOptions.compiler.help}\ndefault of these three options: as in the study`,
    },
    ...labOptions,
    json: jsonOption(
      '{"event":"rerun",...}, {"event":"repeat"|"pretrain",...row} for every run that ends, ' +
        `${watchEvents}, {"event":"end","finished":...,...} with every value, mean, deviation ` +
        'and difference',
    ),
  },
  note:
    'Ctrl-C once pauses the re-run cleanly, twice ends at once; ' +
    '"ktg rerun --continue N" continues it.',
  words: 1,
  run: async (values, [wanted]) =>
    withLab(values, 'work', async (lab) => {
      await setSlots(lab.api, textOf(values, 'slots'), 'some');
      const view =
        textOf(values, 'continue') === undefined
          ? await create(lab, values, wanted)
          : await lab.api.request('reruns.resume', {
              rerun: idOption(values, 'continue'),
            });
      return followRerun(lab, view, values.json === true);
    }),
};

async function create(
  { api }: AttachedLab,
  values: Values,
  wanted: string | undefined,
): Promise<RerunView> {
  const card = await studyNamed(api, wanted);
  const { training } = card.study.plan;
  const { from, called } = await subjectOf(api, card, values);
  const plan = {
    from,
    seeds: integerOption(values, 'seeds', 5, 1, 100),
    baselines: baselinesFrom(values),
    training: {
      ...(await placedBy(values, api, training)),
      purpose: choiceOf(values, 'purpose', ['final', 'search'], 'final'),
      protocol: choiceOf(values, 'protocol', PROTOCOLS, training.protocol),
      ...computationPart({ ...training.computation, ...computationFrom(values) }),
    },
  };
  const { place } = plan.training;
  if (place && values.json !== true) line(`Only on ${placeText(place)}`);
  if (values.json !== true)
    for (const text of previewLines(plan.seeds, await api.request('reruns.preview', plan)))
      line(text);
  return api.request('reruns.create', {
    ...plan,
    name: nameOf(values) ?? `${card.study.name}, ${called}`.slice(0, 200),
    start: true,
  });
}

/** Returns the graph to train again: a trial of the study, or any graph. */
async function subjectOf(
  api: LabApi,
  card: StudyCard,
  values: Values,
): Promise<{ from: RerunInput['from']; called: string }> {
  const graph = textOf(values, 'graph');
  if (graph === undefined) {
    const trial = await trialNamed(api, card, textOf(values, 'trial') ?? 'best');
    return { from: { run: trial.run }, called: `trial ${trial.number}` };
  }
  if (values.trial !== undefined) throw new LabError('arguments.two-graphs');
  return {
    from: { graph: graphFrom(graph, textOf(values, 'nodes'), []) },
    called: 'another graph',
  };
}

function baselinesFrom(values: Values): Baseline[] {
  if (values.baselines === true) return [...BASELINES];
  return ((values.baseline ?? []) as string[]).map((baseline) =>
    choiceOf({ baseline }, 'baseline', BASELINES, 'independent'),
  );
}
