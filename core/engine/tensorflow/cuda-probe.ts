import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cudaFolder, cudaLibraries } from './cuda.ts';
import type { CudaProbe } from './cuda-diagnosis.ts';
import { libraryStatus } from './library.ts';
import { thisPlatform } from './release.ts';

/** Milliseconds: the driver of a card that has fallen off the bus may never answer. */
const PATIENCE = 10_000;

/** Asks the driver, and looks where the loader and we would look for CUDA's libraries. */
export function probeCuda(environment: Record<string, string | undefined> = process.env): CudaProbe {
  const { state, folder } = libraryStatus('gpu');
  return {
    platform: thisPlatform,
    ...parseDriver(
      output('nvidia-smi', ['--query-gpu=driver_version,compute_cap,name', '--format=csv,noheader']),
    ),
    libraries: [
      ...searchFolders(environment, state === 'ready' ? folder : null).flatMap(cudaFilesIn),
      ...parseLoaderCache(output('ldconfig', ['-p']) ?? ''),
    ],
    engine: state,
  };
}

/** `535.104.05, 9.0, NVIDIA H100 80GB HBM3`, a line a card; null where nothing could be asked. */
export function parseDriver(text: string | null): Pick<CudaProbe, 'driver' | 'cards'> {
  const rows = (text ?? '').split('\n').flatMap((line) => {
    const [driver = '', capability = '', ...title] = line.split(',').map((word) => word.trim());
    return /^\d+(\.\d+)*$/.test(driver) ? [{ driver, capability, title: title.join(', ') }] : [];
  });
  return {
    driver: rows[0]?.driver ?? null,
    cards: rows.map(({ title, capability }) => ({
      title,
      capability: /^\d+\.\d+$/.test(capability) ? capability : null, // old drivers do not know it
    })),
  };
}

/** `GPU 1, NVIDIA H100 80GB HBM3`: the first card that a process sees whose CUDA_VISIBLE_DEVICES this is. */
export function cardTitle(visible: string): string {
  const card = visible.split(',')[0]!.trim();
  const query = ['--query-gpu=index,name', '--format=csv,noheader', '-i', card === '' ? '0' : card];
  const [index = '', ...title] = (output('nvidia-smi', query) ?? '').trim().split(', ');
  return [`GPU ${index}`.trim(), ...title].join(', ');
}

/** Names in `ldconfig -p`: `\tlibcudart.so.12 (libc6,x86-64) => /usr/lib/...`. */
export const parseLoaderCache = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim().split(' ')[0]!)
    .filter(isCuda);

function searchFolders(environment: Record<string, string | undefined>, library: string | null): string[] {
  const given = (environment.LD_LIBRARY_PATH ?? '').split(':').filter((folder) => folder !== '');
  return [...(library === null ? [] : [join(library, cudaFolder)]), ...given];
}

const cudaFilesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder).filter(isCuda);
  } catch {
    return []; // a folder of LD_LIBRARY_PATH that is not there
  }
};

const stems = new Set(cudaLibraries.map(({ soname }) => soname.replace(/\.\d+$/, '')));
const isCuda = (name: string): boolean => stems.has(name.replace(/\.so\..*$/, '.so'));

function output(program: string, args: string[]): string | null {
  try {
    const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
    return execFileSync(program, args, { encoding: 'utf8', timeout: PATIENCE, stdio });
  } catch {
    return null;
  }
}
