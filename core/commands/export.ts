import { resolve } from 'node:path';
import { LabError } from '../base/errors.ts';
import { studyNamed } from './choices.ts';
import { type Command, Exit } from './command.ts';
import { exportNetworks, networkOptions } from './export-network.ts';
import { labOptions, withLab } from './lab-access.ts';
import { jsonLine, line, size } from './report.ts';
import { plainName, save } from './save-download.ts';
import { textOf } from './values.ts';
import { jsonOption } from './usage.ts';

export const command: Command = {
  forms: [
    ['export [STUDY] [options]', 'writes a study to one file'],
    [
      'export [STUDY] --as pytorch|onnx [--trial N] [--node N] [options]',
      'writes a trained network for other programs: a PyTorch module with its weights, or ONNX',
    ],
  ],
  arguments: { STUDY: 'number or name of a study; default the last one' },
  options: {
    out: {
      type: 'string',
      value: 'FILE',
      help: "default the study's name; an existing file is never overwritten",
    },
    'no-weights': { type: 'boolean', help: 'without the weights of completed and pinned trials' },
    ...networkOptions,
    ...labOptions,
    json: jsonOption('{"file":...,"bytes":...}'),
  },
  words: 1,
  async run(values, [wanted]) {
    if (values.as !== undefined) return exportNetworks(values, wanted);
    const other = Object.keys(networkOptions).find((name) => values[name] !== undefined);
    if (other !== undefined) throw new LabError('arguments.only-with-as', { option: other });
    return withLab(values, 'look', async ({ api }) => {
      const { study } = await studyNamed(api, wanted);
      const weights = values['no-weights'] !== true;
      const ready = await api.request('studies.export', { study: study.id, weights });
      const file = resolve(textOf(values, 'out') ?? plainName(ready.name));
      await save(api, ready, file);
      if (values.json === true) jsonLine({ file, bytes: ready.bytes });
      else line(`${file}: ${size(ready.bytes)}. Import it into another lab with: ktg import`);
      return Exit.done;
    });
  },
};
