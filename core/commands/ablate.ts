import { LabError } from '../base/errors.ts';
import { PROTOCOLS } from '../data/split.ts';
import type { AblationKind } from '../graph/ablate.ts';
import { toText } from '../graph/text.ts';
import type { AblationInput, AblationPreview, LabApi } from '../lab/api.ts';
import { recipeFor } from '../study/recipe.ts';
import { studyNamed, trialNamed } from './choices.ts';
import { type Command, Exit, type Values } from './command.ts';
import { computationFrom, computationOptions, computationPart } from './computation.ts';
import { dataHelp, dataOf } from './data-option.ts';
import { followRerun } from './follow.ts';
import { graphFrom } from './graph-argument.ts';
import { labOptions, withLab } from './lab-access.ts';
import { placedBy, placeOptions } from './place-option.ts';
import { counted, jsonLine, line } from './report.ts';
import { previewLines, skippedLine } from './rerun-words.ts';
import { setSlots, slotsOption } from './slots.ts';
import { choiceOf, idOption, integerOption, nameOf, textOf } from './values.ts';
import { jsonOption } from './usage.ts';

/** Epochs of a graph that comes from no study. */
const EPOCHS = 16;

export const command: Command = {
  forms: [
    ['ablate GRAPH|STUDY#TRIAL [options]', 'trains a graph again with one edge changed at a time'],
  ],
  arguments: {
    'STUDY#TRIAL': 'a trial, such as 1#17 or 1#best, trained by the plan of its study',
    GRAPH: 'a file, a text form, or a template with --nodes',
  },
  options: {
    edges: { type: 'boolean', help: 'every open edge removed (default)' },
    gates: { type: 'boolean', help: 'every edge with each other gate' },
    seeds: { type: 'string', value: 'K', help: 'default 3, shared with earlier re-runs' },
    nodes: { type: 'string', value: 'A,B,...', help: "architectures of a template's nodes" },
    data: { type: 'string', value: 'D', help: `for a GRAPH: ${dataHelp}` },
    epochs: { type: 'string', value: 'N', help: `for a GRAPH: default ${EPOCHS}` },
    protocol: { type: 'string', value: 'P', help: 'for a GRAPH: held-out (default) or paper' },
    purpose: { type: 'string', value: 'P', help: 'final (default) or search, as of ktg rerun' },
    preview: { type: 'boolean', help: 'only say what would be trained, and how long it takes' },
    name: { type: 'string', value: 'NAME', help: 'name of the ablation' },
    continue: { type: 'string', value: 'N', help: 'continue ablation N instead' },
    ...slotsOption,
    ...placeOptions,
    ...computationOptions,
    ...labOptions,
    json: jsonOption('{"event":"preview",...}, then as "ktg rerun": variants named "cutoff 2-1"'),
  },
  note:
    'Variants that are the same graph are trained once; those that freeze the target or cannot ' +
    'matter are skipped. Ctrl-C once pauses cleanly; "ktg ablate --continue N" continues.',
  words: 1,
  run: async (values, [subject]) =>
    withLab(values, values.preview === true ? 'look' : 'work', async (lab) => {
      const { api } = lab;
      const json = values.json === true;
      if (textOf(values, 'continue') !== undefined) {
        const rerun = idOption(values, 'continue');
        await setSlots(api, textOf(values, 'slots'), 'some');
        return followRerun(lab, await api.request('reruns.resume', { rerun }), json);
      }
      if (subject === undefined) throw new LabError('arguments.missing/ablation');
      const { called, ...unplaced } = await wishOf(api, values, subject);
      const training = await placedBy(values, api, unplaced.training!);
      const wish = { ...unplaced, training };
      const preview = await api.request('ablations.preview', wish);
      if (json) jsonLine({ event: 'preview', ...preview });
      else for (const text of outlineLines(wish, preview)) line(text);
      if (values.preview === true) return Exit.done;
      await setSlots(api, textOf(values, 'slots'), 'some');
      const name = nameOf(values) ?? `Ablation of ${called}`.slice(0, 200);
      const view = await api.request('ablations.create', { ...wish, name, start: true });
      return followRerun(lab, view, json);
    }),
};

type Wish = Omit<AblationInput, 'name' | 'start' | 'priority'>;

async function wishOf(
  api: LabApi,
  values: Values,
  subject: string,
): Promise<Wish & { called: string }> {
  if (values.edges === true && values.gates === true) throw new LabError('arguments.two-ablations');
  const kind: AblationKind = values.gates === true ? 'gates' : 'edges';
  const seeds = integerOption(values, 'seeds', 3, 1, 100);
  const purpose = choiceOf(values, 'purpose', ['final', 'search'], 'final');
  const trial = /^(.+)#([^#]+)$/.exec(subject);
  if (trial) {
    const card = await studyNamed(api, trial[1]);
    const { run, number } = await trialNamed(api, card, trial[2]!);
    const { training } = card.study.plan;
    return {
      ...{ kind, seeds, from: { run }, called: `${card.study.name}, trial ${number}` },
      training: {
        ...training,
        ...computationPart({ ...training.computation, ...computationFrom(values) }),
        purpose,
      },
    };
  }
  const graph = graphFrom(subject, textOf(values, 'nodes'), []);
  const epochs = integerOption(values, 'epochs', EPOCHS, 1, 100_000);
  return {
    ...{ kind, seeds, from: { graph }, called: graph.name ?? toText(graph) },
    training: {
      ...{ data: dataOf(values), purpose, splitSeed: 0, epochs, recipe: recipeFor(epochs) },
      protocol: choiceOf(values, 'protocol', PROTOCOLS, 'held-out'),
      ...computationPart(computationFrom(values)),
    },
  };
}

function outlineLines({ seeds }: Wish, preview: AblationPreview): string[] {
  const { variants, skipped, known } = preview;
  return [
    `${counted(variants.length, 'change')}: ${variants.join(', ') || 'none'}`,
    ...skipped.map(skippedLine),
    ...(known > 0 ? [`${counted(known, 'result')} of this lab are used again.`] : []),
    ...previewLines(seeds, preview),
  ];
}
