import { officialOf } from '../data/sets/sets.ts';
import { spaceText } from '../graph/space.ts';
import { openWithProgress } from './train.ts';
import type { Command } from './command.ts';
import { followStudy } from './follow.ts';
import { labOptions, labUsage, withLab } from './lab-access.ts';
import { planFrom, planOptions, planUsage } from './plan.ts';
import { counted, jsonLine, line, said } from './report.ts';
import { setSlots, slotsUsage } from './slots.ts';
import { nameOf, textOf, integerOption } from './values.ts';
import { watchUsage } from './watch.ts';

export const command: Command = {
  usage: `ktg search [options]        searches for the best graph; everything is kept in the lab file

  --name NAME       of the study
${slotsUsage}
  --priority N      studies of higher priority get free slots first; default 0
${planUsage}
${labUsage}
                    {"event":"study",...card}, then {"event":"trial"|"pretrain",...row} for every run that ends,
${watchUsage}
                    and {"event":"end","finished":...,...card} last

Ctrl-C once pauses the study cleanly, twice ends at once; either way "ktg resume" goes on where it was.`,
  options: {
    ...labOptions,
    ...planOptions,
    name: { type: 'string' },
    slots: { type: 'string' },
    priority: { type: 'string' },
  },
  words: 0,
  async run(values) {
    const plan = planFrom(values);
    const { data } = plan.training;
    const name = nameOf(values) ?? `M${plan.space.nodes.length} on ${data}`.slice(0, 200);
    const priority = integerOption(values, 'priority', 0, -1000, 1000);
    const json = values.json === true;
    if (officialOf(data)) await openWithProgress(data);
    return withLab(values, 'work', async (lab) => {
      await setSlots(lab.api, textOf(values, 'slots'), 'some');
      const { warnings } = await lab.api.request('studies.preview', { plan });
      const card = await lab.api.request('studies.create', { name, plan, priority, start: true });
      const study = card.study.id;
      if (json) jsonLine({ event: 'study', ...card });
      else {
        line(`Study ${study} "${name}" in ${lab.file}`);
        line(`Search space: ${spaceText(plan.space)}`);
        line(
          `${counted(plan.trials, 'trial')}, seed ${plan.seed}, protocol ${plan.training.protocol}`,
        );
        for (const warning of warnings) line(said(warning));
        if (lab.elsewhere) line('Another program holds the lab and trains; this one looks on.');
        line();
      }
      return followStudy(lab, study, json);
    });
  },
};
