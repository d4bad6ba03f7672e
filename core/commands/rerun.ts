import { LabError } from '../base/errors.ts';
import { PROTOCOLS } from '../data/split.ts';
import { BASELINES } from '../study/rerun.ts';
import type { Baseline, LabApi, RerunInput, RerunView, StudyCard } from '../lab/api.ts';
import { studyNamed, trialNamed } from './choices.ts';
import type { Command, Values } from './command.ts';
import {
  computationFrom,
  computationOptions,
  computationPart,
  computationUsage,
} from './computation.ts';
import { followRerun } from './follow.ts';
import { graphFrom } from './graph-argument.ts';
import type { AttachedLab } from '../host/attach.ts';
import { labOptions, labUsage, withLab } from './lab-access.ts';
import { counted, jsonLine, line } from './report.ts';
import { setSlots, slotsUsage } from './slots.ts';
import { choiceOf, nameOf, textOf, integerOption } from './values.ts';
import { watchUsage } from './watch.ts';

export const command: Command = {
  usage: `ktg rerun [STUDY] [options]    trains a trial's graph again from new seeds: mean, standard deviation, each value

  --trial N|best    which trial, default best
  --graph G         any other graph instead, trained as the study's: a file, a text form, or a template with --nodes A,B
  --seeds N         default 5, as in the paper
  --baselines       beside it Independent, KD, DML and all-Through of the same architectures
  --baseline B      only this one, as often as wanted: ${BASELINES.join(', ')}
  --purpose P       final (default): trained on all training images, judged by the test images; search: as the study did
  --protocol P      held-out or paper, default the study's
  --name NAME       of the re-run
  --continue N      go on with re-run N instead
${slotsUsage}
${computationUsage}
                    what is left out of these three is as in the study
${labUsage}
                    {"event":"rerun",...}, {"event":"repeat"|"pretrain",...row} for every run that ends,
${watchUsage}
                    {"event":"end","finished":...,...} with every value, mean, deviation and difference

Ctrl-C once pauses it cleanly, twice ends at once; "ktg rerun --continue N" goes on.`,
  options: {
    ...labOptions,
    trial: { type: 'string' },
    graph: { type: 'string' },
    nodes: { type: 'string' },
    protocol: { type: 'string' },
    seeds: { type: 'string' },
    baselines: { type: 'boolean' },
    baseline: { type: 'string', multiple: true },
    purpose: { type: 'string' },
    name: { type: 'string' },
    continue: { type: 'string' },
    slots: { type: 'string' },
    ...computationOptions,
  },
  words: 1,
  run: async (values, [wanted]) =>
    withLab(values, 'work', async (lab) => {
      await setSlots(lab.api, textOf(values, 'slots'), 'some');
      const view =
        textOf(values, 'continue') === undefined
          ? await create(lab, values, wanted)
          : await lab.api.request('reruns.resume', {
              rerun: integerOption(values, 'continue', 1, 1, Number.MAX_SAFE_INTEGER),
            });
      const json = values.json === true;
      announceRerun(view, json);
      return followRerun(lab, view.rerun.id, json);
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
  return api.request('reruns.create', {
    name: nameOf(values) ?? `${card.study.name}, ${called}`.slice(0, 200),
    from,
    seeds: integerOption(values, 'seeds', 5, 1, 100),
    baselines: baselinesFrom(values),
    training: {
      ...training,
      purpose: choiceOf(values, 'purpose', ['final', 'search'], 'final'),
      protocol: choiceOf(values, 'protocol', PROTOCOLS, training.protocol),
      ...computationPart({ ...training.computation, ...computationFrom(values) }),
    },
    start: true,
  });
}

/** What is trained again: a trial of the study, or any graph. */
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
  if (values.trial !== undefined)
    throw new LabError(
      'arguments.two-graphs',
      'Both --trial and --graph name a graph.',
      'Leave one of them out.',
    );
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

/** Says which re-run begins or goes on. */
export function announceRerun(view: RerunView, json: boolean): void {
  const { rerun, total } = view;
  if (json) jsonLine({ event: 'rerun', ...view });
  else line(`Re-run ${rerun.id} "${rerun.name}": ${counted(total, 'run')}\n`);
}
