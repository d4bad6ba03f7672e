import { LabError } from '../base/errors.ts';
import { BASELINES } from '../lab/api.ts';
import type { Baseline, RerunView } from '../lab/api.ts';
import { studyNamed, trialNamed } from './choices.ts';
import { type Command, Exit, type Values } from './command.ts';
import { computationFrom, computationOptions, computationPart, computationUsage } from './computation.ts';
import type { HeldLab } from '../lab/hold.ts';
import { labOptions, labUsage, withLab } from './lab-access.ts';
import { jsonLine, line } from './report.ts';
import { setSlots } from './slots.ts';
import { textOf, wholeOf } from './values.ts';
import { watch } from './watch.ts';
import { rerunLines } from './words.ts';

export const command: Command = {
  usage: `ktg rerun [STUDY] [options]    trains a trial's graph again from new seeds: mean, standard deviation, each value

  --trial N|best    which trial, default best
  --seeds N         default 5, as in the paper
  --baselines       beside it Independent, KD, DML and all-Through of the same architectures
  --baseline B      only this one, as often as wanted: ${BASELINES.join(', ')}
  --purpose P       final (default): trained on all training images, judged by the test images; search: as the study did
  --name NAME       of the re-run
  --continue N      go on with re-run N instead
  --slots N|auto    as in ktg search
${computationUsage}
                    what is left out of these three is as in the study
${labUsage}
                    {"event":"rerun",...}, {"event":"repeat"|"pretrain",...row} for every run that ends,
                    {"event":"end","finished":...,...} with every value, mean, deviation and difference

Ctrl-C once pauses it cleanly, twice ends at once; "ktg rerun --continue N" goes on.`,
  options: {
    ...labOptions,
    trial: { type: 'string' },
    seeds: { type: 'string' },
    baselines: { type: 'boolean' },
    baseline: { type: 'string', multiple: true },
    purpose: { type: 'string' },
    name: { type: 'string' },
    continue: { type: 'string' },
    slots: { type: 'string' },
    ...computationOptions,
  },
  run: async (values, [wanted]) =>
    withLab(values, 'work', async (lab) => {
      await setSlots(lab.api, textOf(values, 'slots'));
      const view =
        textOf(values, 'continue') === undefined
          ? await create(lab, values, wanted)
          : await lab.api.request('reruns.resume', { rerun: wholeOf(values, 'continue', 1, 1, Number.MAX_SAFE_INTEGER) }); // prettier-ignore
      return followRerun(lab, view, values.json === true);
    }),
};

async function create({ api }: HeldLab, values: Values, wanted: string | undefined): Promise<RerunView> {
  const card = await studyNamed(api, wanted);
  const trial = await trialNamed(api, card, textOf(values, 'trial') ?? 'best');
  const purpose = textOf(values, 'purpose') ?? 'final';
  if (purpose !== 'final' && purpose !== 'search')
    throw new LabError(
      'arguments.unknown-choice',
      `--purpose is "${purpose}".`,
      'Choose one of final, search.',
    );
  const baselines = values.baselines === true ? [...BASELINES] : ((values.baseline ?? []) as Baseline[]);
  const { training } = card.study.plan;
  return api.request('reruns.create', {
    name: textOf(values, 'name') ?? `${card.study.name}, trial ${trial.number}`.slice(0, 200),
    from: { run: trial.run },
    seeds: wholeOf(values, 'seeds', 5, 1, 100),
    baselines,
    training: {
      ...training,
      purpose,
      ...computationPart({ ...training.computation, ...computationFrom(values) }),
    },
    start: true,
  });
}

/** Watches a re-run to its end and tells its table. */
export async function followRerun(lab: HeldLab, view: RerunView, json: boolean): Promise<number> {
  const rerun = view.rerun.id;
  if (json) jsonLine({ event: 'rerun', ...view });
  else line(`Re-run ${rerun} "${view.rerun.name}": ${view.total} runs\n`);
  const finished = await watch(lab, { rerun }, json);
  const after = await lab.api.request('reruns.open', { rerun });
  if (json) jsonLine({ event: 'end', finished: finished && after.rerun.state === 'completed', ...after });
  else {
    line();
    for (const text of rerunLines(after)) line(text);
    if (after.rerun.problem) line(`${after.rerun.problem.message} ${after.rerun.problem.next}`);
  }
  if (!finished) {
    if (!json)
      line(lab.elsewhere ? 'It goes on in the other program.' : `Go on with: ktg rerun --continue ${rerun}`);
    return Exit.interrupted;
  }
  return after.rerun.problem ? Exit.failed : Exit.done;
}
