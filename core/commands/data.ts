import { resolve } from 'node:path';
import type { Settings } from '../lab/api.ts';
import { type Command, Exit } from './command.ts';
import { labOptions, withLab } from './lab-access.ts';
import { jsonLine, line } from './report.ts';
import { jsonOption } from './usage.ts';

export const command: Command = {
  forms: [['data [FOLDER] [options]', 'shows or changes the folder of data sets of a lab']],
  options: { ...labOptions, json: jsonOption('{"dataFolder":...}') },
  note: 'A new lab uses the folder of KTG_DATA, else the default one. Existing data sets are not moved.',
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
