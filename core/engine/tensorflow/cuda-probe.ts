import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
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
      ...parseLoaderCache(loaderCache()),
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

/** A card as a process sees it; words are '' where nvidia-smi does not know it. */
export interface SeenCard {
  readonly index: string;
  readonly title: string;
  readonly capability: string;
  readonly driver: string;
}

/** The first card that a process sees whose CUDA_VISIBLE_DEVICES this is. */
export function cardSeen(visible: string): SeenCard {
  const card = visible.split(',')[0]!.trim();
  const query = ['--query-gpu=index,compute_cap,driver_version,name', '--format=csv,noheader', '-i', card === '' ? '0' : card]; // prettier-ignore
  const [index = '', capability = '', driver = '', ...title] = (output('nvidia-smi', query) ?? '').trim().split(', '); // prettier-ignore
  return { index, capability, driver, title: title.join(', ') };
}

/** `GPU 1, NVIDIA H100 80GB HBM3` */
export const cardWords = ({ index, title }: SeenCard): string =>
  [`GPU ${index}`.trim(), ...(title === '' ? [] : [title])].join(', ');

/** File names, with their whole versions, of CUDA's libraries that the system gives: those that did not come with the engine. */
export function systemLibraries(
  library: string,
  environment: Record<string, string | undefined> = process.env,
): string[] {
  const missing = cudaLibraries.filter(({ soname }) => !existsSync(join(library, cudaFolder, soname)));
  if (missing.length === 0) return [];
  const cache = loaderCache();
  const given = (environment.LD_LIBRARY_PATH ?? '').split(':').filter((folder) => folder !== '');
  return missing.map(({ soname }) => {
    const listed = new RegExp(`\\s${soname.replaceAll('.', '\\.')} .*=> (.+)`).exec(cache)?.[1];
    const paths = [...given.map((folder) => join(folder, soname)), ...(listed === undefined ? [] : [listed])];
    const path = paths.find((each) => existsSync(each));
    return path === undefined ? `${soname} missing` : basename(realpathSync(path));
  });
}

/** What `ldconfig -p` says; it may lie where only root's PATH leads. */
const loaderCache = (): string => output('ldconfig', ['-p']) ?? output('/sbin/ldconfig', ['-p']) ?? '';

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
