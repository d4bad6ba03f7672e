import { studyNamed } from './choices.ts';
import type { Command } from './command.ts';
import { labOptions, labUsage, withLab } from './lab-access.ts';
import { counted, jsonLine, line } from './report.ts';
import { followStudy } from './follow.ts';
import { setSlots, slotsUsage } from './slots.ts';
import { textOf, integerOption } from './values.ts';

export const command: Command = {
  usage: `ktg resume [STUDY] [options]   goes on with a study (number or name; default the last one) and shows it live

  --failed          also tries trials again that failed or were out of memory
  --trials N        raises the number of trials
  --priority N      studies of higher priority get free slots first
${slotsUsage}
${labUsage}
                    as in ktg search

Ctrl-C as in ktg search.`,
  options: {
    ...labOptions,
    failed: { type: 'boolean' },
    trials: { type: 'string' },
    priority: { type: 'string' },
    slots: { type: 'string' },
  },
  words: 1,
  run: async (values, [wanted]) =>
    withLab(values, 'work', async (lab) => {
      const { study } = await studyNamed(lab.api, wanted);
      const json = values.json === true;
      await setSlots(lab.api, textOf(values, 'slots'), 'some');
      const trials = integerOption(values, 'trials', study.plan.trials, 1, 1_000_000);
      const priority = integerOption(values, 'priority', study.priority, -1000, 1000);
      await lab.api.request('studies.change', { study: study.id, trials, priority });
      const card = await lab.api.request('studies.resume', {
        study: study.id,
        ...(values.failed === true && { failed: true }),
      });
      if (json) jsonLine({ event: 'study', ...card });
      else if (card.study.state === 'completed')
        line(
          `All ${counted(trials, 'trial')} have ended. More of them: ktg resume ${study.id} --trials ${2 * trials}`,
        );
      else line(`Study ${study.id} "${study.name}" goes on in ${lab.file}\n`);
      return followStudy(lab, study.id, json);
    }),
};
