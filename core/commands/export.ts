import { createWriteStream, existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LabError, messageOf } from '../base/errors.ts';
import type { Download, LabApi } from '../lab/api.ts';
import { writeNewFile } from '../store/file/new-file.ts';
import { studyNamed } from './choices.ts';
import { type Command, Exit, type Values } from './command.ts';
import { labOptions, withLab } from './lab-access.ts';
import { jsonLine, line, size } from './report.ts';
import { choiceOf, integerOption, textOf } from './values.ts';
import { jsonOption } from './usage.ts';

type Format = 'study' | 'optuna' | 'latex' | 'csv' | 'json' | 'bundle';

export const command: Command = {
  forms: [['export [STUDY] [options]', 'writes a study, or the table of a re-run, to one file']],
  arguments: { STUDY: 'number or name of a study; default the last one' },
  options: {
    as: {
      type: 'string',
      value: 'F',
      help:
        'study (default): everything, for ktg import; optuna: SQLite for Optuna 5 and its dashboard; ' +
        'latex: a table for booktabs. Of a re-run: latex, csv, json, or bundle for ktg verify',
    },
    rerun: { type: 'string', value: 'N', help: 'the table of re-run N instead' },
    out: {
      type: 'string',
      value: 'FILE',
      help: "default the study's name; an existing file is never overwritten",
    },
    'no-weights': { type: 'boolean', help: 'without the weights of completed and pinned trials' },
    ...labOptions,
    json: jsonOption('{"file":...,"bytes":...}'),
  },
  words: 1,
  run: async (values, [wanted]) =>
    withLab(values, 'look', async ({ api }) => {
      const { ready, hint } = await download(api, values, wanted);
      const file = resolve(
        textOf(values, 'out') ?? ready.name.replace(/[^\p{L}\p{N}. _+-]/gu, '-'),
      );
      await save(api, ready, file);
      if (values.json === true) jsonLine({ file, bytes: ready.bytes });
      else line(`${file}: ${size(ready.bytes)}.${hint(file)}`);
      return Exit.done;
    }),
};

const none = (): string => '';
const verifyHint = (file: string): string => ` Train it again with: ktg verify ${file}`;

/** Asks the lab for the wanted file; the hint says what can be done with it. */
async function download(
  api: LabApi,
  values: Values,
  wanted: string | undefined,
): Promise<{ ready: Download; hint: (file: string) => string }> {
  const isRerun = textOf(values, 'rerun') !== undefined;
  const allowed: readonly Format[] = isRerun
    ? ['latex', 'csv', 'json', 'bundle']
    : ['study', 'optuna', 'latex'];
  const format = choiceOf(values, 'as', allowed, allowed[0]!);
  if (isRerun) {
    const rerun = integerOption(values, 'rerun', 1, 1, Number.MAX_SAFE_INTEGER);
    if (format === 'bundle')
      return { ready: await api.request('reruns.bundle', { rerun }), hint: verifyHint };
    const table = format as 'latex' | 'csv' | 'json';
    return { ready: await api.request('reruns.export', { rerun, format: table }), hint: none };
  }
  const { id: study } = (await studyNamed(api, wanted)).study;
  if (format === 'latex')
    return { ready: await api.request('studies.latex', { study }), hint: none };
  if (format === 'optuna')
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

/** Rights of a new file, before the user's mask. */
const SHARED = 0o666;

const fileExists = (file: string): LabError => new LabError('export.file-exists', { file });

/** Saves a download of the lab. The file appears complete or not at all. */
async function save(api: LabApi, { download, name }: Download, file: string): Promise<void> {
  if (existsSync(file)) throw fileExists(file);
  async function* portions(): AsyncGenerator<Buffer> {
    for (let offset = 0; ;) {
      const { data, last } = await api.request('files.read', { download, offset });
      const bytes = Buffer.from(data, 'base64');
      offset += bytes.length;
      yield bytes;
      if (last) return;
    }
  }
  try {
    await writeNewFile(
      file,
      (part) => pipeline(Readable.from(portions()), createWriteStream(part)),
      SHARED,
    );
  } catch (error) {
    if (error instanceof LabError && error.code === 'store.file-exists') throw fileExists(file);
    if (error instanceof LabError && error.code !== 'store.cannot-open') throw error;
    throw new LabError('export.cannot-write', { name, file, reason: messageOf(error) });
  } finally {
    await api.request('files.forget', { file: download });
  }
}
