import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { create } from 'tar';
import { nodeProgram } from '../../base/node-program.ts';
import { appVersion } from '../../train/environment.ts';

/** Folder with `core` and `node_modules`. */
const root = resolve(import.meta.dirname, '../../..');

/** Packages that no agent uses: the database of lab files. */
const unneeded = new Set(['better-sqlite3']);

/** Files that no program reads. */
const ballast = /\.(map|md|markdown|d\.[cm]?ts)$|\/(test|tests|docs|__tests__)\//;

let known: string | undefined;

/**
 * Name of the program as other machines keep it: version, and a digest of its sources and packages,
 * such as `0.1.0-3f2a91c04b7e`.
 */
export function programName(): string {
  if (known !== undefined) return known;
  const hash = createHash('sha256').update(process.versions.node);
  for (const file of sources()) hash.update(file).update(readFileSync(join(root, file)));
  for (const folder of packages()) hash.update(readFileSync(join(root, folder, 'package.json')));
  known = `${appVersion()}-${hash.digest('hex').slice(0, 12)}`;
  return known;
}

/**
 * The program as a compressed archive: `bin/node`, `core`, `package.json` and the packages that an
 * agent needs (about 100 MB).
 */
export function programArchive(): Readable {
  const node = nodeProgram();
  return create(
    {
      cwd: root,
      gzip: { level: 1 },
      portable: true,
      follow: true,
      preservePaths: true,
      filter: (path) => path === node || !ballast.test(path),
      onWriteEntry: (entry) => {
        if (resolve(root, entry.path) === resolve(node)) entry.path = 'bin/node';
      },
    },
    [node, 'package.json', ...sources(), ...packages()],
  ) as unknown as Readable;
}

/** Our own sources, relative to the root, sorted. */
const sources = (): string[] =>
  readdirSync(join(root, 'core'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();

/** Folders of the packages that the program depends on, relative to the root, sorted. */
function packages(): string[] {
  const found = new Set<string>();
  const visit = (folder: string): void => {
    for (const name of dependenciesOf(folder)) {
      if (unneeded.has(name)) continue;
      const place = placeOf(name, folder);
      if (place === undefined || found.has(place)) continue;
      found.add(place);
      visit(place);
    }
  };
  visit('.');
  const all = [...found].sort();
  return all.filter((place) => !all.some((outer) => place.startsWith(`${outer}/`)));
}

function dependenciesOf(folder: string): string[] {
  const text = readFileSync(join(root, folder, 'package.json'), 'utf8');
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(text) as Record<
    string,
    Record<string, string> | undefined
  >;
  return [...Object.keys(dependencies), ...Object.keys(optionalDependencies)];
}

/** Finds a package as Node does: in the nearest `node_modules` upwards. */
function placeOf(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const place = join(folder, 'node_modules', name);
    if (existsSync(join(root, place, 'package.json'))) return place;
    if (folder === '.') return undefined;
  }
}
