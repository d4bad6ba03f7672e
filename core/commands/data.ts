import { resolve } from 'node:path';
import { LabError } from '../base/errors.ts';
import { parseImages } from '../data/images/spec.ts';
import { isPathSpec } from '../data/resolve.ts';
import type { Settings } from '../lab/api.ts';
import { type Command, Exit, type Values } from './command.ts';
import { labOptions, withLab } from './lab-access.ts';
import { jsonLine, line, size } from './report.ts';
import { jsonOption } from './usage.ts';

export const command: Command = {
  forms: [
    ['data [FOLDER] [options]', 'shows or changes the folder of data sets of a lab'],
    ['data --clean [options]', 'deletes decoded images that no data set or study of it needs'],
  ],
  options: {
    clean: { type: 'boolean', help: 'delete decoded images that nothing in this lab needs' },
    ...labOptions,
    json: jsonOption('{"dataFolder":...}, or {"bytes":...,"freedBytes":...}'),
  },
  note: 'A new lab uses the folder of KTG_DATA, else the default one. Existing data sets are not moved.',
  words: 1,
  run: async (values, [folder]) =>
    values.clean === true ? clean(values) : folderOf(values, folder),
};

async function folderOf(values: Values, folder: string | undefined): Promise<number> {
  if (folder !== undefined && (parseImages(folder) || !isPathSpec(folder)))
    throw new LabError('arguments.data-set-as-folder', { folder });
  return withLab(values, folder === undefined ? 'look' : 'change', async ({ api }) => {
    const { dataFolder }: Settings =
      folder === undefined
        ? await api.request('settings.get', {})
        : await api.request('settings.set', { dataFolder: resolve(folder) });
    if (values.json === true) jsonLine({ dataFolder });
    else line(dataFolder);
    return Exit.done;
  });
}

async function clean(values: Values): Promise<number> {
  return withLab(values, 'change', async ({ api }) => {
    const { unneededBytes: before } = await api.request('data.decoded', {});
    const { bytes, unneededBytes } = await api.request('data.clean', {});
    const freedBytes = before - unneededBytes;
    if (values.json === true) jsonLine({ bytes, freedBytes });
    else line(`${size(freedBytes)} of decoded images are deleted, and ${size(bytes)} are kept.`);
    return Exit.done;
  });
}
