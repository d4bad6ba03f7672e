import { studyNamed } from './choices.ts';
import type { Command } from './command.ts';
import { labOptions, withLab } from './lab-access.ts';
import { counted, jsonLine, line } from './report.ts';
import { followStudy } from './follow.ts';
import { setSlots, slotsOption } from './slots.ts';
import { textOf, integerOption } from './values.ts';
import { jsonOption } from './usage.ts';
import { priorityOption } from './plan.ts';

export const command: Command = {
  forms: [['resume [STUDY] [options]', 'continues a study and shows it live']],
  arguments: { STUDY: 'number or name of a study; default the last one' },
  options: {
    failed: {
      type: 'boolean',
      help: 'also start trials again that failed or ran out of memory',
    },
    trials: { type: 'string', value: 'N', help: 'increase the number of trials' },
    ...priorityOption,
    ...slotsOption,
    ...labOptions,
    json: jsonOption('as in ktg search'),
  },
  note: 'Ctrl-C as in ktg search.',
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
      else line(`Study ${study.id} "${study.name}" continues in ${lab.file}\n`);
      return followStudy(lab, study.id, json);
    }),
};
