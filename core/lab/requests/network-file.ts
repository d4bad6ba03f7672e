import { createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { makeTemporary } from '../../base/temporary.ts';
import { exportFiles, type ExportFormat, exportNetwork } from '../../workers/export-network.ts';
import type { Download } from '../api.ts';
import type { LabContext } from '../lab-context.ts';

/**
 * Makes a network ready to be fetched in the format of another program.
 *
 * @param name of the file, without its end
 * @param chunks of a file of this one network
 * @param data set whose class names go with it
 */
export async function networkFile(
  { files, dataSets }: LabContext,
  name: string,
  chunks: AsyncIterable<Uint8Array>,
  { format, data }: { format: ExportFormat; data: string },
  signal?: AbortSignal,
): Promise<Download> {
  const { end, type } = exportFiles[format];
  const folder = makeTemporary('lab');
  try {
    const weights = join(folder, 'network.safetensors');
    await pipeline(Readable.from(chunks), createWriteStream(weights));
    const classNames = await dataSets.classNamesOf(data);
    const { size } = await stat(weights);
    return await files.offerMade(
      `${name}${end}`,
      type,
      size,
      async (out) => exportNetwork({ weights, out, format, classNames }),
      signal,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
