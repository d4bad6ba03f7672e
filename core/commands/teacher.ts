import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { LabError } from '../base/errors.ts';
import { liveLine } from '../base/live-line.js';
import { PROTOCOLS } from '../data/split.ts';
import type { LabApi, TeacherImport } from '../lab/api.ts';
import { architecture } from '../models/architecture.ts';
import { type TrainingPlan } from '../study/plan.ts';
import { PAPER_EPOCHS, recipeFor } from '../study/recipe.ts';
import { importTeacher } from '../workers/import-teacher.ts';
import { type Command, Exit, type Values } from './command.ts';
import { dataHelp, dataOf } from './data-option.ts';
import { labOptions, withLab } from './lab-access.ts';
import { networksHelp } from './networks.ts';
import { jsonLine, line } from './report.ts';
import { interruption } from './training-run.ts';
import { jsonOption } from './usage.ts';
import { choiceOf, integerOption, nameOf, textOf } from './values.ts';
import { percent } from './words.ts';

export const command: Command = {
  forms: [
    [
      'teacher import FILE --network NAME [options]',
      'imports weights of PyTorch (.pt, .pth, or safetensors) into the lab, after their accuracy ' +
        'on held-out images is measured',
    ],
  ],
  arguments: {
    FILE: 'a state dict of PyTorch, of a network that the lab knows; nothing in it is run',
  },
  options: {
    network: { type: 'string', value: 'NAME', help: networksHelp },
    data: { type: 'string', value: 'D', help: dataHelp },
    protocol: {
      type: 'string',
      value: 'P',
      help: 'which images measure it: paper (default; the test images) or held-out',
    },
    'split-seed': { type: 'string', value: 'N', help: 'held-out: seed of the split (0)' },
    epochs: {
      type: 'string',
      value: 'N',
      help: `how long it was trained, for lists (${PAPER_EPOCHS})`,
    },
    name: {
      type: 'string',
      value: 'NAME',
      help: 'its name in lists; default the name of the file',
    },
    part: {
      type: 'string',
      value: 'KEY',
      help: 'where the network lies in the file, when it holds several: model, state_dict_ema',
    },
    'accept-any': {
      type: 'boolean',
      help: 'also accept a network that is no better than guessing',
    },
    out: {
      type: 'string',
      value: 'FILE',
      help: 'write a checkpoint for ktg train --teacher instead of adding it to the lab',
    },
    ...labOptions,
    json: jsonOption('the pretrained network, or {"file":...,"accuracy":...}'),
  },
  words: 2,
  async run(values, [verb, file]) {
    if (verb !== 'import' || file === undefined) throw new LabError('arguments.missing/teacher');
    const network = textOf(values, 'network');
    if (network === undefined) throw new LabError('arguments.missing/network');
    const wish = {
      file: resolve(file),
      model: architecture(network).name,
      training: planOf(values),
      part: textOf(values, 'part'),
      acceptAny: values['accept-any'] === true,
    };
    const out = textOf(values, 'out');
    return out === undefined ? intoLab(values, wish) : intoFile(values, wish, resolve(out));
  },
};

interface Wish {
  readonly file: string;
  readonly model: string;
  readonly training: TrainingPlan;
  readonly part: string | undefined;
  readonly acceptAny: boolean;
}

function planOf(values: Values): TrainingPlan {
  const epochs = integerOption(values, 'epochs', PAPER_EPOCHS, 1, 100_000);
  return {
    data: dataOf(values),
    protocol: choiceOf(values, 'protocol', PROTOCOLS, 'paper'),
    purpose: 'search',
    splitSeed: integerOption(values, 'split-seed', 0, 0, Number.MAX_SAFE_INTEGER),
    epochs,
    recipe: recipeFor(epochs),
  };
}

async function intoLab(values: Values, wish: Wish): Promise<number> {
  const { file, part, ...plan } = wish;
  const name = nameOf(values);
  return withLab(values, 'make', async ({ api }) => {
    const made = await withProgress(api, async () =>
      api.request('teachers.import', {
        ...plan,
        file: { path: file },
        ...(part !== undefined && { part }),
        ...(name !== undefined && { name }),
      }),
    );
    if (values.json === true) jsonLine(made);
    else
      line(
        `Pretrained network ${made.id}: ${made.model}, ${percent(made.accuracy, 2)} on held-out images.`,
      );
    return Exit.done;
  });
}

async function withProgress<T>(api: LabApi, work: () => Promise<T>): Promise<T> {
  const live = liveLine(process.stderr);
  const undo = api.subscribe(['pretrained'], (event) => {
    if (event.type === 'teacher-import') live.show(progressWords(event.teacher));
  });
  try {
    return await work();
  } finally {
    undo();
    live.end();
  }
}

async function intoFile(values: Values, wish: Wish, out: string): Promise<number> {
  if (existsSync(out)) throw new LabError('export.file-exists', { file: out });
  const { file: path, ...plan } = wish;
  const source = basename(path);
  const live = liveLine(process.stderr);
  const stop = interruption();
  try {
    const { accuracy, images, evaluationName } = await importTeacher(
      { ...plan, path, source, dataFolder: null, engine: 'auto', out },
      (progress) => {
        live.show(progressWords({ ...progress, file: source }));
      },
      stop.signal,
    );
    live.end();
    if (values.json === true) jsonLine({ file: out, accuracy, images, evaluationName });
    else
      line(
        `${out}: ${percent(accuracy, 2)} on ${images} ${evaluationName} images. ` +
          `Use it with: ktg train kd --teacher ${out}`,
      );
    return Exit.done;
  } finally {
    live.end();
    stop.end();
  }
}

function progressWords({ file, step, done, total }: TeacherImport): string {
  if (step === 'read') return `reading ${file}`;
  if (step === 'data') return 'reading the data set';
  return `measuring ${file}: ${done} of ${total} images`;
}
