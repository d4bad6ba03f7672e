import { resolve } from 'node:path';
import { LabError } from '../base/errors.ts';
import { type Command, Exit } from './command.ts';
import { labOptions, withLab } from './lab-access.ts';
import { jsonLine, line } from './report.ts';
import { nameOf, textOf } from './values.ts';
import { cardText } from './words.ts';
import { jsonOption } from './usage.ts';

export const command: Command = {
  forms: [
    [
      'import FILE [options]',
      'imports an exported study or a study of Optuna, completely or not at all',
    ],
  ],
  options: {
    name: { type: 'string', value: 'NAME', help: 'a new name for the study' },
    study: {
      type: 'string',
      value: 'NAME',
      help: 'the study to import from an SQLite file of Optuna with several studies',
    },
    ...labOptions,
    json: jsonOption("the study's card"),
  },
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
