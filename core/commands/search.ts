import { toText } from '../graph/text.ts';
import type { LabApi } from '../lab/api.ts';
import { isPathSpec } from '../data/resolve.ts';
import { officialOf } from '../data/sets/sets.ts';
import { describeParts } from '../graph/describe.ts';
import { spaceText } from '../graph/space-size.ts';
import { openWithProgress } from './train.ts';
import { orderText } from '../study/order.ts';
import { startingPoints } from '../search/starting-points.ts';
import { placeText } from '../study/place.ts';
import { type FilesLeftOut, filesLeftOut } from '../study/left-out.ts';
import type { StudyPlan } from '../study/plan.ts';
import { originTitle } from '../study/start.ts';
import type { Command } from './command.ts';
import { followStudy } from './follow.ts';
import { labOptions, withLab } from './lab-access.ts';
import { networksHelp } from './networks.ts';
import { planFrom, planOptions, priorityOption } from './plan.ts';
import { placedBy, placeOptions } from './place-option.ts';
import { withBestOfStudies } from './start-option.ts';
import { counted, jsonLine, leftOutLine, line, messageWithNext } from './report.ts';
import { setSlots, slotsOption } from './slots.ts';
import { nameOf, textOf, integerOption } from './values.ts';
import { watchEvents } from './watch.ts';
import { jsonOption } from './usage.ts';

export const command: Command = {
  forms: [['search [options]', 'searches for the best graph; the lab file keeps everything']],
  arguments: { architectures: networksHelp },
  options: {
    name: { type: 'string', value: 'NAME', help: 'name of the study' },
    ...slotsOption,
    ...priorityOption,
    ...planOptions,
    ...placeOptions,
    ...labOptions,
    json: jsonOption(
      '{"event":"study",...card,"leftOut":null|{"count","of","reasons"}}, then ' +
        '{"event":"trial"|"pretrain",...row} for every run that ' +
        `ends, ${watchEvents}, and {"event":"end","finished":...,...card} last`,
    ),
  },
  note:
    'Ctrl-C once pauses the study cleanly, twice ends at once; ' +
    'in both cases "ktg resume" continues it.',
  words: 0,
  async run(values) {
    const wished = planFrom(values);
    const { data } = wished.training;
    const name = nameOf(values) ?? `M${wished.space.nodes.length} on ${data}`.slice(0, 200);
    const priority = integerOption(values, 'priority', 0, -1000, 1000);
    const json = values.json === true;
    if (officialOf(data)) await openWithProgress(data);
    return withLab(values, 'work', async (lab) => {
      await setSlots(lab.api, textOf(values, 'slots'), 'some');
      const training = await placedBy(values, lab.api, wished.training);
      const plan = await withBestOfStudies({ ...wished, training }, lab.api, values);
      const { warnings } = await lab.api.request('studies.preview', { plan });
      const leftOut = await leftOutOf(data, lab.api);
      const card = await lab.api.request('studies.create', { name, plan, priority, start: true });
      const study = card.study.id;
      if (json) jsonLine({ event: 'study', ...card, leftOut: leftOut ?? null });
      else {
        line(`Study ${study} "${name}" in ${lab.file}`);
        line(`Search space: ${spaceText(plan.space)}`);
        for (const text of describeParts(plan.space)) line(`Edges ${text}`);
        line(
          `${counted(plan.trials, 'trial')}, seed ${plan.seed}, protocol ${plan.training.protocol}`,
        );
        for (const text of leftOutLine(leftOut)) line(text);
        if (training.place) line(`Only on ${placeText(training.place)}`);
        if (plan.inOrder !== undefined) line(`Draws ${orderText(plan)}`);
        for (const text of startLines(plan)) line(text);
        for (const warning of warnings) line(messageWithNext(warning));
        if (lab.elsewhere) line('Another program holds the lab and trains; this one only watches.');
        line();
      }
      return followStudy(lab, study, json);
    });
  },
};

/**
 * Reads a person's own images before a study of them is made, so that its first lines say how many
 * files were left out, and no study waits for images that cannot be read.
 */
async function leftOutOf(data: string, api: LabApi): Promise<FilesLeftOut | undefined> {
  if (!isPathSpec(data)) return undefined;
  const { dataFolder } = await api.request('settings.get', {});
  return filesLeftOut(await openWithProgress(data, dataFolder));
}

/** Returns one line for each graph that a study begins with. */
const startLines = (plan: StudyPlan): string[] =>
  startingPoints(plan).map(
    ({ origin, graph }, trial) =>
      `trial ${trial}: ${originTitle(origin)}, ${toText(graph)}` +
      (plan.start?.toTheEnd ? ', to the end' : ''),
  );
