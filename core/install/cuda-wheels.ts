import { chmod, mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { openPromise } from 'yauzl';
import { LabError, messageOf } from '../base/errors.ts';
import { cudaCompilerPackage, cudaFolder } from './cuda-libraries.ts';
import { downloadedWheel, downloadWheel } from './download.ts';
import type { OnProgress } from './progress.ts';
import type { PublishedWheel } from './release.ts';
import { digestsIn, type FileRecord, readEntries, unpackEntry } from './wheel.ts';

/** Bytes needed for the download and unpacking of the largest package, and for all libraries. */
export const cudaBytes = { download: 800e6, unpacked: 4_600e6 };

/**
 * Returns the path of a file of NVIDIA's wheels below the library's folder; undefined for headers,
 * stubs and the rest. All libraries share a folder, so that they find each other.
 */
export function cudaTarget(fileName: string): string | undefined {
  if (/^nvidia\/[^/]+\/lib\/[^/]+\.so(\.[\d.]+)?$/.test(fileName))
    return join(cudaFolder, basename(fileName));
  const tool = /^nvidia\/cuda_nvcc\/(bin\/ptxas|nvvm\/libdevice\/[^/]+\.bc)$/.exec(fileName);
  return tool ? join(cudaFolder, cudaCompilerPackage, tool[1]!) : undefined;
}

/**
 * Downloads TensorFlow's CUDA libraries, one package after another, and unpacks them below
 * `folder`; each file is compared with its wheel's RECORD. Downloads stay in `downloads` until all
 * packages are unpacked.
 *
 * @throws LabError those of `downloadWheel`, `engine.wheel-damaged`
 */
export async function installCuda(
  wheels: readonly PublishedWheel[],
  downloads: string,
  folder: string,
  options: { onProgress?: OnProgress | undefined; signal?: AbortSignal | undefined },
): Promise<FileRecord[]> {
  const files: FileRecord[] = [];
  await mkdir(join(folder, cudaFolder), { recursive: true });
  for (const wheel of wheels) {
    const own = join(downloads, wheel.package);
    const file =
      (await downloadedWheel(own, wheel, options.signal)) ??
      (await downloadWheel(wheel, own, { ...options, what: wheel.package }));
    files.push(
      ...(await unpackCuda(file, folder, options.signal).catch(async (error: unknown) => {
        await rm(own, { recursive: true, force: true });
        throw error;
      })),
    );
  }
  return files;
}

/** Unpacks one of NVIDIA's wheels; returns the new files, with names relative to `folder`. */
async function unpackCuda(
  wheel: string,
  folder: string,
  signal?: AbortSignal,
): Promise<FileRecord[]> {
  const damaged = (found: string, cause?: unknown): LabError =>
    new LabError('engine.wheel-damaged/gpu', { wheel, found }, { cause });
  const zip = await openPromise(wheel, { autoClose: false }).catch((error: unknown) => {
    throw damaged(messageOf(error), error);
  });
  try {
    const entries = await readEntries(zip, wheel);
    const record = [...entries.values()].find(({ fileName }) =>
      /^[^/]+\.dist-info\/RECORD$/.test(fileName),
    );
    if (!record) throw damaged('it has no RECORD');
    const digests = digestsIn(
      (await buffer(await zip.openReadStreamPromise(record))).toString('utf8'),
    );
    const files: FileRecord[] = [];
    for (const entry of entries.values()) {
      const name = cudaTarget(entry.fileName);
      if (name === undefined) continue;
      const sha256 = await unpackEntry(zip, entry, join(folder, name), signal, () => undefined);
      if (name.endsWith('/ptxas')) await chmod(join(folder, name), 0o755);
      if (sha256 !== digests.get(entry.fileName))
        throw damaged(`${entry.fileName} differs from its RECORD`);
      files.push({ name, bytes: entry.uncompressedSize, sha256 });
    }
    return files;
  } finally {
    zip.close();
  }
}
