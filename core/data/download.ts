import { open, rename, rm, statfs } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError, messageOf } from '../base/errors.ts';
import type { OfficialArchive } from './archives.ts';
import { archiveUrl } from './archives.ts';
import { differenceOf } from './checksum.ts';
import { makeFolder } from '../base/folder.js';
import { dataHome } from '../base/data-home.ts';
import {
  byHand,
  codeOf,
  folderError,
  isDiskError,
  isTooLarge,
  isUnreachable,
  noSpace,
  shown,
  tooLarge,
} from './download-errors.ts';
import { get } from './http.ts';
import { claimPart, sizeOf } from './part.ts';
import type { DataOptions } from './progress.ts';
import { downloadMeter } from './progress.ts';

export interface DownloadOptions extends DataOptions {
  /** The data folder; default `dataHome()`. */
  folder?: string;
  url?: URL;
  patience?: Patience;
}

/** Milliseconds. */
interface Patience {
  /** Silence on a connection after which it counts as broken. */
  stall: number;
  /**
   * Waits before the tries that follow each other without a new byte; after the last one the
   * download fails.
   */
  retries: readonly number[];
}

const TIMEOUT: Patience = { stall: 30_000, retries: [1_000, 2_000, 4_000, 8_000] };

/** Room that stays free on the disk, in bytes. */
const SPARE = 50e6;

/**
 * Downloads an official archive into the data folder; one that is there already is taken as it is.
 * The bytes arrive in `<file>.<process id>.part`, or `<file>.part` between downloads, which the
 * next download takes up, and become `<file>` by one rename after their size, MD5 and SHA-256 were
 * compared. Two processes may download at once: each has its own part.
 *
 * @returns path of the archive
 * @throws LabError `data.no-network`, `data.download-refused`, `data.download-broken`,
 * `data.wrong-checksum`, `data.too-large`, `data.no-space`, `data.folder-not-writable`,
 * `data.download-underway`; the signal's reason when aborted
 */
export async function downloadArchive(
  archive: OfficialArchive,
  options: DownloadOptions = {},
): Promise<string> {
  const { folder: home = dataHome(), url = archiveUrl(archive), signal } = options;
  const folder = join(home, archive.folder ?? '');
  const target = join(folder, archive.file);
  if (await sizeOf(target)) return target;
  signal?.throwIfAborted();
  if (underway.has(target)) throw new LabError('data.download-underway', { target });
  underway.add(target);
  try {
    return await downloadTo(target, folder, url, archive, options);
  } catch (error) {
    // An aborted step reports itself in many ways; the reason is the caller's.
    signal?.throwIfAborted();
    throw folderError(error, folder);
  } finally {
    underway.delete(target);
  }
}

/** Targets of this process's downloads. */
const underway = new Set<string>();

async function downloadTo(
  target: string,
  folder: string,
  url: URL,
  archive: OfficialArchive,
  options: DownloadOptions,
): Promise<string> {
  makeFolder(folder);
  const part = await claimPart(folder, archive.file);
  try {
    const resumed = (await sizeOf(part)) > 0;
    await fetchInto(part, url, archive, options);
    let found = await differenceOf(part, archive, options);
    if (found !== null && resumed) {
      // The file on the server is not the one that the part began with.
      await rm(part);
      await fetchInto(part, url, archive, options);
      found = await differenceOf(part, archive, options);
    }
    if (found !== null) {
      await rm(part);
      throw new LabError('data.wrong-checksum', {
        address: shown(url),
        found,
        otherWay: byHand(archive),
      });
    }
    await rename(part, target);
    return target;
  } catch (error) {
    if (isTooLarge(error)) await rm(part, { force: true }); // no beginning of the archive
    throw error;
  } finally {
    // Finished or never begun: nothing to leave.
    await rename(part, `${target}.part`).catch(() => undefined);
  }
}

/** Fills `part` up to the whole file, over as many connections as it takes. */
async function fetchInto(
  part: string,
  url: URL,
  archive: OfficialArchive,
  { onProgress, signal, patience = TIMEOUT }: DownloadOptions,
): Promise<void> {
  const meter = downloadMeter(onProgress);
  let failures = 0;
  for (let first = true; ; first = false) {
    const before = await sizeOf(part);
    try {
      await receive(part, before, url, archive, meter, patience.stall, signal);
      return;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof LabError || isDiskError(error)) throw error;
      // Failing on several addresses has a code only.
      const reason = messageOf(error) || codeOf(error);
      if (first && isUnreachable(error))
        throw new LabError(
          'data.no-network',
          { address: shown(url), reason, otherWay: byHand(archive) },
          {
            cause: error,
          },
        );
      failures = (await sizeOf(part)) > before ? 1 : failures + 1;
      const wait = patience.retries[failures - 1];
      if (wait === undefined)
        throw new LabError(
          'data.download-broken',
          {
            address: shown(url),
            failures,
            reason,
            received: await sizeOf(part),
            otherWay: byHand(archive),
          },
          { cause: error },
        );
      onProgress?.({ phase: 'retry', reason, seconds: wait / 1000 });
      await sleep(wait, undefined, { signal });
    }
  }
}

/**
 * One connection: asks for the bytes after `have` and appends them, or starts over when the server
 * sends all.
 */
async function receive(
  part: string,
  have: number,
  url: URL,
  archive: OfficialArchive,
  meter: ReturnType<typeof downloadMeter>,
  stall: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const silence = new AbortController();
  const watch = setTimeout(
    () => silence.abort(new Error(`nothing was received for ${stall / 1000} s`)),
    stall,
  );
  const stop = signal ? AbortSignal.any([signal, silence.signal]) : silence.signal;
  try {
    const headers = have > 0 ? { Range: `bytes=${have}-` } : {};
    const answer = await get(url, { 'Accept-Encoding': 'identity', ...headers }, stop);
    try {
      if (answer.statusCode === 416 && have > 0) {
        if (rangeTotal(answer) === have) return;
        await rm(part); // longer than the file, so not its beginning
        throw new Error('the file on the server has changed');
      }
      const { start, total } = extent(answer, have, url, archive);
      await checkSpace(part, (total ?? archive.bytes) - start);
      if (total !== undefined && total > archive.bytes) throw tooLarge(url, archive);
      const file = await open(part, start > 0 ? 'a' : 'w');
      try {
        let done = start;
        meter(done, total);
        for await (const chunk of answer) {
          watch.refresh();
          if (done + (chunk as Buffer).length > archive.bytes) throw tooLarge(url, archive);
          await file.appendFile(chunk as Buffer);
          meter((done += (chunk as Buffer).length), total);
        }
        if (total !== undefined && done !== total)
          throw new Error(`the connection ended after ${done} of ${total} bytes`);
      } finally {
        await file.close();
      }
    } finally {
      answer.destroy();
    }
  } catch (error) {
    // An aborted connection reports itself in many ways; the reason is ours.
    stop.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(watch);
  }
}

/** Where the answer's bytes begin in the file, and the file's size when the server says it. */
function extent(
  answer: IncomingMessage,
  have: number,
  url: URL,
  archive: OfficialArchive,
): { start: number; total: number | undefined } {
  const { statusCode = 0, statusMessage = '' } = answer;
  if (statusCode === 206) {
    const start = Number(/^bytes (\d+)-/.exec(answer.headers['content-range'] ?? '')?.[1]);
    if (start !== have) throw new Error(`the server sent the wrong part of the file`);
    return { start, total: rangeTotal(answer) };
  }
  if (statusCode === 200) {
    const length = answer.headers['content-length'];
    return { start: 0, total: length === undefined ? undefined : Number(length) };
  }
  const said = `${shown(url)} answered ${statusCode} ${statusMessage}`;
  if (statusCode >= 500 || statusCode === 429 || statusCode === 408) throw new Error(said);
  throw new LabError('data.download-refused', { said, otherWay: byHand(archive) });
}

/** `Content-Range: bytes 100-199/200` and, with status 416, `bytes *\/200`. */
function rangeTotal(answer: IncomingMessage): number | undefined {
  const total = /\/(\d+)$/.exec(answer.headers['content-range'] ?? '')?.[1];
  return total === undefined ? undefined : Number(total);
}

async function checkSpace(part: string, needed: number): Promise<void> {
  const folder = join(part, '..');
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free < needed + SPARE)
    throw noSpace(
      folder,
      `${(free / 1e6).toFixed(0)} MB are free, ${((needed + SPARE) / 1e6).toFixed(0)} MB are needed`,
    );
}
