import { studyNamed } from './choices.ts';
import type { Command } from './command.ts';
import { labOptions, labUsage, withLab } from './lab-access.ts';
import { jsonLine, line } from './report.ts';
import { follow } from './search.ts';
import { setSlots } from './slots.ts';
import { textOf, wholeOf } from './values.ts';

export const command: Command = {
  usage: `ktg resume [STUDY] [options]   goes on with a study (number or name; default the last one) and shows it live

  --trials N        raises the number of trials
  --slots N|auto    as in ktg search
${labUsage}
                    as in ktg search

Ctrl-C as in ktg search.`,
  options: { ...labOptions, trials: { type: 'string' }, slots: { type: 'string' } },
  run: async (values, [wanted]) =>
    withLab(values, 'work', async (lab) => {
      const { study } = await studyNamed(lab.api, wanted);
      const json = values.json === true;
      await setSlots(lab.api, textOf(values, 'slots'));
      const trials = wholeOf(values, 'trials', study.plan.trials, 1, 1_000_000);
      if (trials !== study.plan.trials) await lab.api.request('studies.change', { study: study.id, trials });
      const card = await lab.api.request('studies.resume', { study: study.id });
      if (json) jsonLine({ event: 'study', ...card });
      else line(`Study ${study.id} "${study.name}" goes on in ${lab.file}\n`);
      return follow(lab, study.id, json);
    }),
};
