import { resolve } from 'node:path';
import { LabError } from '../base/errors.ts';
import { type Command, Exit } from './command.ts';
import { labOptions, labUsage, withLab } from './lab-access.ts';
import { jsonLine, line } from './report.ts';
import { nameOf, textOf } from './values.ts';
import { cardText } from './words.ts';

export const command: Command = {
  usage: `ktg import FILE [options]   brings in a study that was exported, or one of Optuna, whole or not at all

  --name NAME       instead of its own
  --study NAME      which study of an SQLite file of Optuna, where it holds several
${labUsage}
                    the study's card`,
  options: { ...labOptions, name: { type: 'string' }, study: { type: 'string' } },
  words: 1,
  async run(values, [file]) {
    if (file === undefined) throw new LabError('arguments.no-file/import');
    const name = nameOf(values);
    const study = textOf(values, 'study');
    return withLab(values, 'make', async ({ api }) => {
      const card = await api.request('studies.import', {
        file: { path: resolve(file) },
        ...(name !== undefined && { name }),
        ...(study !== undefined && { study }),
      });
      if (values.json === true) jsonLine(card);
      else line(`Study ${card.study.id} "${card.study.name}": ${cardText(card)}`);
      return Exit.done;
    });
  },
};
