import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LabError } from '../base/errors.ts';
import { makeTemporary } from '../base/temporary.ts';
import type { Download, LabApi } from '../lab/api.ts';
import { weightsOfNode } from '../train/weights.ts';
import { exportFiles, type ExportFormat, exportNetwork } from '../workers/export-network.ts';
import { studyNamed, trialNamed } from './choices.ts';
import { Exit, type Options, type Values } from './command.ts';
import { withLab } from './lab-access.ts';
import { jsonLine, line } from './report.ts';
import { fileExists, plainName, save } from './save-download.ts';
import { choiceOf, idOption, integerOption, textOf } from './values.ts';

export const networkOptions = {
  as: {
    type: 'string',
    value: 'FORM',
    help: 'pytorch (NAME.py and its weights) or onnx; --out is then a name, with its end or without',
  },
  trial: { type: 'string', value: 'N|best', help: 'the trial of the network; default best' },
  node: { type: 'string', value: 'N', help: 'node of the graph; default 1, the target' },
  pretrained: { type: 'string', value: 'N', help: 'the pretrained network N instead of a trial' },
  checkpoint: {
    type: 'string',
    value: 'FILE',
    help: 'a checkpoint of ktg train or ktg pretrain instead; needs no lab',
  },
} as const satisfies Options;

const formats = { pytorch: ['pytorch-module', 'pytorch-weights'], onnx: ['onnx'] } as const;
const MAX_NODE = 7;

/** Writes one trained network in files for other programs. */
export async function exportNetworks(values: Values, study: string | undefined): Promise<number> {
  const as = choiceOf(values, 'as', ['pytorch', 'onnx'], 'pytorch');
  const checkpoint = textOf(values, 'checkpoint');
  const pretrained = textOf(values, 'pretrained');
  const named = [checkpoint, pretrained, study ?? textOf(values, 'trial')];
  if (named.filter((each) => each !== undefined).length > 1)
    throw new LabError('arguments.one-network');
  const files =
    checkpoint === undefined
      ? await fromLab(values, study, formats[as])
      : await fromCheckpoint(values, resolve(checkpoint), formats[as]);
  if (values.json === true) jsonLine({ files });
  else for (const file of files) line(file);
  return Exit.done;
}

/** The files of one network, before their ends; the end of one of them may be given already. */
function nameOf(values: Values, usual: string, wanted: readonly ExportFormat[]): string {
  const out = textOf(values, 'out');
  if (out === undefined) return resolve(plainName(usual));
  const given = wanted.map((format) => exportFiles[format].end).find((end) => out.endsWith(end));
  const name = resolve(out);
  return given === undefined || basename(out) === given ? name : name.slice(0, -given.length);
}

const nodeOf = (values: Values): number => integerOption(values, 'node', 1, 1, MAX_NODE);

async function fromLab(
  values: Values,
  study: string | undefined,
  wanted: readonly ExportFormat[],
): Promise<string[]> {
  return withLab(values, 'look', async ({ api }) => {
    const ask = await sourceIn(api, values, study);
    const files: string[] = [];
    for (const format of wanted) {
      const ready = await ask(format);
      const { end } = exportFiles[format];
      const file = `${nameOf(values, ready.name.slice(0, -end.length), wanted)}${end}`;
      await save(api, ready, file);
      files.push(file);
    }
    return files;
  });
}

async function sourceIn(
  api: LabApi,
  values: Values,
  study: string | undefined,
): Promise<(format: ExportFormat) => Promise<Download>> {
  if (values.pretrained !== undefined) {
    const pretrained = idOption(values, 'pretrained');
    return async (format) => api.request('pretrained.export', { pretrained, format });
  }
  const card = await studyNamed(api, study);
  const { run } = await trialNamed(api, card, textOf(values, 'trial') ?? 'best');
  const node = nodeOf(values);
  return async (format) => api.request('runs.weights', { run, node, format });
}

async function fromCheckpoint(
  values: Values,
  checkpoint: string,
  wanted: readonly ExportFormat[],
): Promise<string[]> {
  if (!existsSync(checkpoint)) throw new LabError('files.no-file', { path: checkpoint });
  const folder = makeTemporary('lab');
  try {
    const weights = join(folder, 'network.safetensors');
    const chunks = weightsOfNode({}, createReadStream(checkpoint), nodeOf(values));
    await pipeline(Readable.from(chunks), createWriteStream(weights));
    const name = nameOf(values, basename(checkpoint).replace(/\.\w+$/, ''), wanted);
    const files: string[] = [];
    for (const format of wanted) {
      const out = `${name}${exportFiles[format].end}`;
      if (existsSync(out)) throw fileExists(out);
      await exportNetwork({ weights, out, format, classNames: null });
      files.push(out);
    }
    return files;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
