import { studyNamed } from './choices.ts';
import { type Command, Exit } from './command.ts';
import { labOptions, labUsage, withLab } from './lab-access.ts';
import { jsonLine, line } from './report.ts';

export const command: Command = {
  usage: `ktg stop [STUDY] [options]   ends a study (number or name; default the last one): what has not ended is cancelled

  --after-epoch     let running trials finish their epoch; default: at once
${labUsage}
                    the study's card`,
  options: { ...labOptions, 'after-epoch': { type: 'boolean' } },
  run: async (values, [wanted]) =>
    withLab(values, 'change', async ({ api }) => {
      const { study } = await studyNamed(api, wanted);
      const when = values['after-epoch'] === true ? 'after-epoch' : 'now';
      const card = await api.request('studies.stop', { study: study.id, when });
      if (values.json === true) jsonLine(card);
      else line(`Study ${study.id} "${study.name}" is stopped.`);
      return Exit.done;
    }),
};
