import { resolve } from 'node:path';
import type { Settings } from '../lab/api.ts';
import { type Command, Exit } from './command.ts';
import { labOptions, labUsage, withLab } from './lab-access.ts';
import { jsonLine, line } from './report.ts';

export const command: Command = {
  usage: `ktg data [FOLDER] [options]   the folder of a lab's data sets, or another one from now on

${labUsage}
                    {"dataFolder":...}

A new lab has the folder that KTG_DATA names, or the usual one. Data sets stay where they are.`,
  options: labOptions,
  words: 1,
  run: async (values, [folder]) =>
    withLab(values, folder === undefined ? 'look' : 'change', async ({ api }) => {
      const { dataFolder }: Settings =
        folder === undefined
          ? await api.request('settings.get', {})
          : await api.request('settings.set', { dataFolder: resolve(folder) });
      if (values.json === true) jsonLine({ dataFolder });
      else line(dataFolder);
      return Exit.done;
    }),
};
