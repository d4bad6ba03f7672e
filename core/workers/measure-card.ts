import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LabError, messageOf } from '../base/errors.ts';
import { nodeProgram, outsideArchive } from '../base/node-program.ts';
import {
  type CardMeasurement,
  measuredEngine,
  type SlotsMeasurement,
} from '../devices/card-slots.ts';
import type { Card } from '../devices/cards.ts';
import { shareCards } from '../devices/mps.ts';
import type { DeviceKind } from '../engine/computation.ts';
import type { Precision } from '../study/computation.ts';
import type { MeasureAnswer, MeasureJob, MeasureMessage } from './measure-worker.ts';

/** Workers on a card at once, one measurement after the other. */
const COUNTS = { gpu: [1, 2, 4, 8], cpu: [1, 2] } as const;
/** Milliseconds that a worker gets to end by itself. */
const GRACE = 10_000;
/** Characters of a worker's last words in a message. */
const MAX_WORDS = 300;

const program = outsideArchive(fileURLToPath(new URL('./measure-worker.ts', import.meta.url)));

/** Where workers are measured. */
export interface MeasuredDevice {
  readonly device: DeviceKind;
  readonly card: Card;
  /** The program of a worker; tests give another one. */
  readonly program?: string;
  /** Ends the measurement: its workers are killed. */
  readonly signal?: AbortSignal;
}

/** What one worker measured, and the card's memory that it took, bytes; null when unknown. */
export type Measured = MeasureAnswer & { readonly memory: number | null };

/** Lets every process see this card alone. */
export const variablesFor = ({ device, card }: MeasuredDevice): Record<string, string> =>
  device === 'gpu'
    ? { CUDA_VISIBLE_DEVICES: card.uuid || String(card.index), CUDA_DEVICE_ORDER: 'PCI_BUS_ID' }
    : {};

/** The training of the workers in a slot measurement. */
export interface MeasuredWork {
  readonly arch: string;
  readonly precision: Precision;
  /** Training steps of each worker. */
  readonly steps: number;
}

export interface SlotsListener {
  /** Some workers at once are measured. */
  measured(measurement: SlotsMeasurement): void;
  /** Why the workers take turns on the card, or why no more of them were measured. */
  note(text: string): void;
}

/**
 * Measures the training steps a second of 1, 2, 4 and 8 workers at once on a card, under CUDA MPS
 * where that can be had. Nothing else should compute on the card meanwhile.
 *
 * @throws LabError `devices.not-measured` when not even one worker could be measured; the signal's
 * reason when it is aborted
 */
export async function measureSlots(
  target: MeasuredDevice,
  work: MeasuredWork,
  listener: SlotsListener,
): Promise<CardMeasurement> {
  const { device, card, signal } = target;
  const sharing =
    device === 'gpu'
      ? await shareCards([card.uuid || String(card.index)])
      : ({ shared: true, variables: {}, end: async () => Promise.resolve() } as const);
  if (!sharing.shared) listener.note(sharing.reason);
  const job: MeasureJob = { device, ...work, deterministic: false, epoch: 0 };
  const measurements: SlotsMeasurement[] = [];
  let problem = '';
  try {
    await inEmptyCache(async (cache) => {
      const variables = { ...cache, ...(sharing.shared && sharing.variables) };
      for (const slots of COUNTS[device])
        measurements.push(await measureCount(target, job, slots, variables, listener));
    });
  } catch (error) {
    signal?.throwIfAborted();
    problem = messageOf(error); // so many may not fit; those before them are measured
  } finally {
    if (sharing.shared) await sharing.end();
  }
  if (measurements.length === 0)
    throw new LabError('devices.not-measured', { card: card.title, reason: problem });
  if (problem !== '') listener.note(`The measurement stopped here: ${problem}`);
  return {
    format: 'ktg-packing',
    version: 1,
    card: card.title,
    driver: card.driver,
    engine: measuredEngine,
    work: `${work.arch}, batch 64, ${work.precision}`,
    shared: sharing.shared,
    measurements,
  };
}

async function measureCount(
  target: MeasuredDevice,
  job: MeasureJob,
  slots: number,
  variables: Record<string, string>,
  listener: SlotsListener,
): Promise<SlotsMeasurement> {
  const { answers, memory } = await measureTogether(target, job, slots, variables);
  const rate = answers.reduce((sum, { msPerStep }) => sum + 1000 / msPerStep, 0);
  const measurement = { slots, stepsPerSecond: Number(rate.toFixed(2)), memory };
  listener.measured(measurement);
  return measurement;
}

/**
 * Runs some work with a folder of programs and recordings that begins empty, and is shared by all
 * that is measured in it.
 */
export async function inEmptyCache<T>(
  work: (variables: Record<string, string>) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'ktg-compiled-'));
  try {
    return await work({ KTG_COMPILED: folder });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One measurement in a process of its own. */
export async function measureOne(
  target: MeasuredDevice,
  job: MeasureJob,
  variables: Record<string, string>,
): Promise<Measured> {
  const { answers, memory } = await measureTogether(target, job, 1, variables);
  return { ...answers[0]!, memory };
}

/**
 * Measurements in processes of their own (variables and caches are read once), timed when all of
 * them are ready; and the bytes of the card's memory that they took together, by the difference of
 * its use with and without them: in a container, and under CUDA MPS, the driver knows their
 * processes by other numbers, or not at all.
 */
async function measureTogether(
  target: MeasuredDevice,
  job: MeasureJob,
  count: number,
  variables: Record<string, string>,
): Promise<{ answers: MeasureAnswer[]; memory: number | null }> {
  target.signal?.throwIfAborted();
  const before = memoryUsed(target);
  const env = { ...process.env, ...variablesFor(target), ...variables };
  const workers = Array.from(
    { length: count },
    () => new MeasureWorker(target.program ?? program, job, env),
  );
  const abort = (): void => {
    for (const worker of workers) worker.kill();
  };
  target.signal?.addEventListener('abort', abort);
  try {
    await Promise.all(workers.map((worker) => worker.ready()));
    for (const worker of workers) worker.begin();
    const answers = await Promise.all(workers.map((worker) => worker.answer()));
    const after = memoryUsed(target);
    return { answers, memory: before === null || after === null ? null : after - before };
  } catch (error) {
    abort(); // the others wait for the worker that failed
    throw error;
  } finally {
    await Promise.all(workers.map((worker) => worker.end()));
    target.signal?.removeEventListener('abort', abort);
  }
}

/** A process that measures one job. */
class MeasureWorker {
  readonly #child: ChildProcess;
  #lastWords = '';

  constructor(file: string, job: MeasureJob, env: NodeJS.ProcessEnv) {
    // Its output must not come between the lines of `--json`.
    this.#child = spawn(nodeProgram(), [file, JSON.stringify(job)], {
      env,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-MAX_WORDS);
    });
  }

  /** Settles when it waits for `begin`. */
  async ready(): Promise<void> {
    await this.#next((message) => message === 'ready');
  }

  begin(): void {
    this.#child.send('go', () => undefined);
  }

  async answer(): Promise<MeasureAnswer> {
    return (await this.#next((message) => message !== 'ready')) as MeasureAnswer;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Lets it end by itself, and kills it when it does not. */
  async end(): Promise<void> {
    const child = this.#child;
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    if (child.connected) child.send('end', () => undefined);
    const timer = setTimeout(() => {
      this.kill();
    }, GRACE);
    await gone;
    clearTimeout(timer);
  }

  /** Its next message that fits. Rejects with its problem, or when it ends without a message. */
  #next(fits: (message: MeasureMessage) => boolean): Promise<MeasureMessage> {
    return new Promise((resolve, reject) => {
      this.#child.on('message', (message: MeasureMessage) => {
        if (typeof message === 'object' && 'problem' in message) reject(new Error(message.problem));
        else if (fits(message)) resolve(message);
      });
      this.#child.once('error', reject);
      this.#child.once('exit', (code, signal) => {
        const words = this.#lastWords.trim().split('\n').at(-1) ?? '';
        const how = signal ?? `exit status ${code}`;
        reject(new Error(`a worker ended by ${how}${words === '' ? '' : `: ${words}`}`));
      });
    });
  }
}

/** Bytes of the card's memory that are in use; null where that is not known. */
function memoryUsed(target: MeasuredDevice): number | null {
  if (target.device === 'cpu') return null;
  try {
    const query = [
      '--query-gpu=memory.used',
      '--format=csv,noheader,nounits',
      '-i',
      variablesFor(target).CUDA_VISIBLE_DEVICES!,
    ];
    const used = Number(execFileSync('nvidia-smi', query, { encoding: 'utf8' }).trim());
    return Number.isFinite(used) ? used * 2 ** 20 : null;
  } catch {
    return null;
  }
}
