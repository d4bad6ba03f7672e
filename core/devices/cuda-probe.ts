import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cudaFolder, cudaLibraries } from '../install/cuda-libraries.ts';
import type { CudaCard, CudaProbe } from './cuda-diagnosis.ts';
import { libraryStatus } from '../install/library-status.ts';
import { thisPlatform } from '../install/release.ts';
import { parseParts, visibleCards } from './visible-cards.ts';

/** Milliseconds: the driver may never answer for a card that has lost its bus connection. */
const TIMEOUT = 10_000;

/**
 * Queries the driver, and searches the folders of the loader and of the engine for CUDA's
 * libraries.
 *
 * @param cards UUIDs of the cards to query when others may not answer; default all cards that
 * CUDA_VISIBLE_DEVICES allows
 */
export function probeCuda(
  environment: Record<string, string | undefined> = process.env,
  cards: readonly string[] = [],
): CudaProbe {
  const { state, folder } = libraryStatus('gpu');
  const only = cards.length > 0 ? ['-i', cards.join(',')] : [];
  const ask = (fields: string): Answer =>
    answer('nvidia-smi', [`--query-gpu=${fields}`, '--format=csv,noheader', ...only]);
  const drivers = ask('driver_version,index,uuid,name');
  const { driver, cards: found } = parseDriver(drivers.text);
  // A separate query: drivers before 510 fail on it.
  const capabilities = parseCapabilities(ask('uuid,compute_cap').text);
  const seen = cards.length > 0 ? found : wholesSeen(found, environment.CUDA_VISIBLE_DEVICES);
  const cache = loaderCache();
  return {
    platform: thisPlatform,
    driver,
    answer: driver === null ? firstLine(drivers) : '',
    driverLibrary: /\slibcuda\.so\.1 /.test(cache),
    cards: seen.map(({ uuid, title }) => ({
      uuid,
      title,
      capability: capabilities.get(uuid) ?? null,
    })),
    libraries: [
      ...searchFolders(environment, state === 'ready' ? folder : null).flatMap(cudaFilesIn),
      ...parseLoaderCache(cache),
    ],
    engine: state,
  };
}

/** Returns the cards that a process sees, completely or in part. */
function wholesSeen<Card extends { index: number; uuid: string }>(
  cards: readonly Card[],
  variable: string | undefined,
): Card[] {
  if (!variable?.includes('MIG-')) return visibleCards(cards, variable);
  const parts = parseParts(output('nvidia-smi', ['-L']) ?? '').map(({ uuid, card }) => ({
    index: -1,
    uuid,
    parent: card.uuid,
  }));
  const parents = new Set(visibleCards(parts, variable).map(({ parent }) => parent));
  return cards.filter(({ uuid }) => parents.has(uuid));
}

/** Parses lines such as `535.104.05, 0, GPU-6f3c..., NVIDIA H100 80GB HBM3`, one per card. */
export function parseDriver(text: string): {
  driver: string | null;
  cards: (Omit<CudaCard, 'capability'> & { index: number })[];
} {
  const rows = text.split('\n').flatMap((line) => {
    const [driver = '', index = '', uuid = '', ...title] = line
      .split(',')
      .map((word) => word.trim());
    return /^\d+(\.\d+)*$/.test(driver)
      ? [{ driver, index: Number(index), uuid, title: title.join(', ') }]
      : [];
  });
  return {
    driver: rows[0]?.driver ?? null,
    cards: rows.map(({ driver: _driver, ...card }) => card),
  };
}

/** Parses lines such as `GPU-6f3c..., 9.0`, one per card; returns capabilities by UUID. */
export const parseCapabilities = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const [uuid = '', capability = ''] = line.split(',').map((word) => word.trim());
      return /^\d+\.\d+$/.test(capability) ? [[uuid, capability]] : [];
    }),
  );

/** A card as a process sees it; texts are '' when nvidia-smi does not know them. */
export interface SeenCard {
  readonly index: string;
  readonly title: string;
  readonly capability: string;
  readonly driver: string;
}

/**
 * Returns the first card that a process with this CUDA_VISIBLE_DEVICES sees; for a divided card,
 * its part (MIG).
 */
export function cardSeen(visible: string): SeenCard {
  const name = visible.split(',')[0]!.trim();
  const part = name.startsWith('MIG-')
    ? parseParts(output('nvidia-smi', ['-L']) ?? '').find(({ uuid }) => uuid.startsWith(name))
    : undefined;
  const card = part?.card.uuid ?? (name === '' ? '0' : name);
  const query = [
    '--query-gpu=index,compute_cap,driver_version,name',
    '--format=csv,noheader',
    '-i',
    card,
  ];
  const [index = '', capability = '', driver = '', ...title] = (output('nvidia-smi', query) ?? '')
    .trim()
    .split(', ');
  return {
    index,
    capability,
    driver,
    title: [...title, ...(part ? [part.profile] : [])].join(', '),
  };
}

/** Returns `GPU 1, NVIDIA H100 80GB HBM3`. */
export const cardWords = ({ index, title }: SeenCard): string =>
  [`GPU ${index}`.trim(), ...(title === '' ? [] : [title])].join(', ');

/**
 * Returns file names, with full versions, of the system's CUDA libraries, without the engine's own.
 */
export function systemLibraries(
  library: string,
  environment: Record<string, string | undefined> = process.env,
): string[] {
  const missing = cudaLibraries.filter(
    ({ soname }) => !existsSync(join(library, cudaFolder, soname)),
  );
  if (missing.length === 0) return [];
  const cache = loaderCache();
  const given = (environment.LD_LIBRARY_PATH ?? '').split(':').filter((folder) => folder !== '');
  return missing.map(({ soname }) => {
    const listed = new RegExp(`\\s${soname.replaceAll('.', '\\.')} .*=> (.+)`).exec(cache)?.[1];
    const paths = [
      ...given.map((folder) => join(folder, soname)),
      ...(listed === undefined ? [] : [listed]),
    ];
    const path = paths.find((each) => existsSync(each));
    return path === undefined ? `${soname} missing` : basename(realpathSync(path));
  });
}

/** Returns the output of `ldconfig -p`, which may be outside an ordinary user's PATH. */
const loaderCache = (): string =>
  output('ldconfig', ['-p']) ?? output('/sbin/ldconfig', ['-p']) ?? '';

/** Returns the names in `ldconfig -p`: `\tlibcudart.so.12 (libc6,x86-64) => /usr/lib/...`. */
export const parseLoaderCache = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim().split(' ')[0]!)
    .filter(isCuda);

function searchFolders(
  environment: Record<string, string | undefined>,
  library: string | null,
): string[] {
  const given = (environment.LD_LIBRARY_PATH ?? '').split(':').filter((folder) => folder !== '');
  return [...(library === null ? [] : [join(library, cudaFolder)]), ...given];
}

const cudaFilesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder).filter(isCuda);
  } catch {
    return []; // LD_LIBRARY_PATH may name a missing folder
  }
};

const stems = new Set(cudaLibraries.map(({ soname }) => soname.replace(/\.\d+$/, '')));
const isCuda = (name: string): boolean => stems.has(name.replace(/\.so\..*$/, '.so'));

interface Answer {
  /** The output, also of a program that failed later. */
  readonly text: string;
  readonly failed: boolean;
}

function answer(program: string, args: string[]): Answer {
  try {
    const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
    return {
      text: execFileSync(program, args, { encoding: 'utf8', timeout: TIMEOUT, stdio }),
      failed: false,
    };
  } catch (error) {
    const { stdout } = error as { stdout?: unknown };
    return { text: typeof stdout === 'string' ? stdout : '', failed: true };
  }
}

function output(program: string, args: string[]): string | null {
  const { text, failed } = answer(program, args);
  return failed ? null : text;
}

const firstLine = ({ text }: Answer): string => text.trim().split('\n')[0]!;
