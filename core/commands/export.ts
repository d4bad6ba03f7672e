import { resolve } from 'node:path';
import { LabError } from '../base/errors.ts';
import type { Download, LabApi } from '../lab/api.ts';
import { studyNamed } from './choices.ts';
import { type Command, Exit, type Values } from './command.ts';
import { exportNetworks, networkOptions } from './export-network.ts';
import { labOptions, withLab } from './lab-access.ts';
import { jsonLine, line, size } from './report.ts';
import { plainName, save } from './save-download.ts';
import { choiceOf, idOption, textOf } from './values.ts';
import { jsonOption } from './usage.ts';

/** Forms of one trained network. */
const NETWORKS: readonly string[] = ['pytorch', 'onnx'];
const STUDIES = ['study', 'optuna', 'latex', 'pytorch', 'onnx'] as const;
const RERUNS = ['latex', 'csv', 'json', 'bundle'] as const;

export const command: Command = {
  forms: [
    ['export [STUDY] [--as study|optuna|latex] [options]', 'writes a study to one file'],
    [
      'export --rerun N [--as latex|csv|json|bundle] [options]',
      'writes the table of a re-run, or a bundle that "ktg verify" trains again',
    ],
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
    as: {
      type: 'string',
      value: 'FORM',
      help:
        'study (default): everything, for ktg import; optuna: SQLite for Optuna 5 and its ' +
        'dashboard; latex: a table for booktabs; pytorch (NAME.py and its weights) or onnx: a ' +
        'network, --out is then a name, with its end or without',
    },
    rerun: { type: 'string', value: 'N', help: 'the table or the bundle of re-run N instead' },
    ...labOptions,
    json: jsonOption('{"file":...,"bytes":...}'),
  },
  words: 1,
  async run(values, [wanted]) {
    if (NETWORKS.includes(textOf(values, 'as') ?? '') && values.rerun === undefined)
      return exportNetworks(values, wanted);
    const other = Object.keys(networkOptions).find(
      (name) => name !== 'as' && values[name] !== undefined,
    );
    if (other !== undefined) throw new LabError('arguments.only-with-as', { option: other });
    return withLab(values, 'look', async ({ api }) => {
      const { ready, hint } = await (values.rerun === undefined
        ? studyFile(api, values, wanted)
        : rerunFile(api, values));
      const file = resolve(textOf(values, 'out') ?? plainName(ready.name));
      await save(api, ready, file);
      if (values.json === true) jsonLine({ file, bytes: ready.bytes });
      else line(`${file}: ${size(ready.bytes)}.${hint(file)}`);
      return Exit.done;
    });
  },
};

/** A file of the lab, and what can be done with it. */
interface Ready {
  ready: Download;
  hint: (file: string) => string;
}

const none = (): string => '';

async function studyFile(api: LabApi, values: Values, wanted: string | undefined): Promise<Ready> {
  const as = choiceOf(values, 'as', STUDIES, 'study');
  const { id: study } = (await studyNamed(api, wanted)).study;
  if (as === 'latex') return { ready: await api.request('studies.latex', { study }), hint: none };
  if (as === 'optuna')
    return {
      ready: await api.request('studies.optuna', { study }),
      hint: (file) => ` Open it with: optuna-dashboard sqlite:///${file}`,
    };
  const weights = values['no-weights'] !== true;
  return {
    ready: await api.request('studies.export', { study, weights }),
    hint: () => ' Import it into another lab with: ktg import',
  };
}

async function rerunFile(api: LabApi, values: Values): Promise<Ready> {
  const format = choiceOf(values, 'as', RERUNS, 'latex');
  const rerun = idOption(values, 'rerun');
  if (format === 'bundle')
    return {
      ready: await api.request('reruns.bundle', { rerun }),
      hint: (file) => ` Train it again with: ktg verify ${file}`,
    };
  return { ready: await api.request('reruns.export', { rerun, format }), hint: none };
}
