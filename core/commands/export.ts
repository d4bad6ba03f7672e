import { createWriteStream, existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LabError, messageOf } from '../base/errors.ts';
import type { Download, LabApi } from '../lab/api.ts';
import { writeNewFile } from '../store/file/new-file.ts';
import { studyNamed } from './choices.ts';
import { type Command, Exit } from './command.ts';
import { labOptions, withLab } from './lab-access.ts';
import { jsonLine, line, size } from './report.ts';
import { textOf } from './values.ts';
import { jsonOption } from './usage.ts';

export const command: Command = {
  forms: [['export [STUDY] [options]', 'writes a study to one file']],
  arguments: { STUDY: 'number or name of a study; default the last one' },
  options: {
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
      const { study } = await studyNamed(api, wanted);
      const weights = values['no-weights'] !== true;
      const ready = await api.request('studies.export', { study: study.id, weights });
      const file = resolve(
        textOf(values, 'out') ?? ready.name.replace(/[^\p{L}\p{N}. _+-]/gu, '-'),
      );
      await save(api, ready, file);
      if (values.json === true) jsonLine({ file, bytes: ready.bytes });
      else line(`${file}: ${size(ready.bytes)}. Import it into another lab with: ktg import`);
      return Exit.done;
    }),
};

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
