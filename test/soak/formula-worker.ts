/**
 * A worker's program that speaks the language of workers and plays formulas instead of training, so
 * that hundreds of kills take minutes. Its checkpoints are bytes that run and epoch decide: what it
 * is sent to go on from must be exactly those. With KTG_SOAK_MISCHIEF it hangs, lies, floods or
 * dies now and then, decided by (run, attempt, epoch). KTG_FORMULA, a `Pace` as JSON, makes it as
 * busy as a bench wants it. KTG_TRAINED names a file that gets a line "run epoch" for each epoch
 * that is begun.
 */
import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { stream } from '../../core/base/random.ts';
import type { Verdict } from '../../core/search/runner.ts';
import { parseToWorker } from '../../core/workers/check-messages.ts';
import { MESSAGES_VERSION } from '../../core/workers/messages.ts';
import type { JobNotice, ToLab } from '../../core/workers/messages.ts';
import { Inbox, Outbox, gather } from '../../core/workers/transfer.ts';
import { fromWire, toWire } from '../../core/workers/wire.ts';
import { unmeasuredNode } from '../../core/study/metrics.ts';
import { curve, environment } from '../search/scripted-runner.ts';

export interface Pace {
  /** Milliseconds between two signs of life, and how many of them an epoch has. */
  beat: number;
  beats: number;
  checkpointBytes: number;
  /**
   * Milliseconds between two checkpoints, while epochs go on; null: after every epoch, which waits
   * for it.
   */
  checkpointEvery: number | null;
}
const pace: Pace = {
  beat: 4,
  beats: 1,
  checkpointBytes: 1_500_000,
  checkpointEvery: null,
  ...(JSON.parse(process.env.KTG_FORMULA ?? '{}') as Partial<Pace>),
};

const trainedFile = process.env.KTG_TRAINED;

const say = (message: ToLab): void => {
  if (process.connected) process.send!(toWire(message), undefined, undefined, () => undefined);
};
const inbox = new Inbox(say);
const outbox = new Outbox(say);
const verdicts = new Map<number, (verdict: Verdict) => void>();
const settled = new Map<number, () => void>();
let halt: { keep: boolean } | null = null;
let transfers = 0;

const stateOf = (run: number, epoch: number): Uint8Array => {
  const bytes = new Uint8Array(pace.checkpointBytes).fill((run * 31 + epoch) & 255);
  new DataView(bytes.buffer).setUint32(0, run);
  new DataView(bytes.buffer).setUint32(4, epoch);
  return bytes;
};

type Mischief = 'hang' | 'lie' | 'flood' | 'die' | 'none';

function mischief({ run, attempt }: JobNotice, epoch: number): Mischief {
  if (process.env.KTG_SOAK_MISCHIEF !== 'yes') return 'none';
  const chance = stream('mischief', run, attempt, epoch).uniform();
  if (chance < 0.004) return 'hang';
  if (chance < 0.014) return 'lie';
  if (chance < 0.02) return 'flood';
  return chance < 0.035 ? 'die' : 'none';
}

async function work(job: JobNotice): Promise<ToLab> {
  const { run, graph, training, resume, rungs } = job;
  let epoch = 0;
  let handing: Promise<void> | null = null;
  // Eight workers that begin together do not all send at the same moment.
  let due = performance.now() + ((run % 8) / 8) * (pace.checkpointEvery ?? 0);
  if (resume) {
    const bytes = await gather(inbox.expect(resume.transfer, resume.bytes), resume.bytes);
    if (Buffer.compare(bytes, stateOf(run, resume.epoch)) !== 0)
      return {
        type: 'failed',
        run,
        failure: {
          kind: 'data',
          code: 'soak.wrong-state',
          message: `Run ${run} was given another state than that of epoch ${resume.epoch}.`,
          next: '',
          epoch: 0,
        },
      };
    epoch = resume.epoch;
  }
  say({ type: 'started', run, environment });
  while (epoch < training.epochs) {
    if (halt) break;
    epoch++;
    if (trainedFile !== undefined) appendFileSync(trainedFile, `${run} ${epoch}\n`);
    for (let step = 1; step <= pace.beats; step++) {
      say({
        type: 'heartbeat',
        run,
        progress: {
          epoch,
          step,
          steps: pace.beats,
          compiling: null,
          imagesPerSecond: 1,
          memory: 1,
        },
      });
      await sleep(pace.beat);
    }
    const mood = mischief(job, epoch);
    if (mood === 'hang') await new Promise(() => undefined);
    if (mood === 'die') process.exit(1);
    for (let i = 0; mood === 'flood' && i < 5000; i++)
      say({ type: 'log', run, level: 'info', text: 'more' });
    const accuracy = curve(job, epoch);
    const node = { ...unmeasuredNode, accuracy, loss: 1, trainAccuracy: accuracy, trainLoss: 1 };
    const metrics = {
      epoch: mood === 'lie' ? epoch + 1 : epoch,
      seconds: (pace.beats * pace.beat) / 1000,
      nodes: graph.nodes.map(() => node),
      edges: graph.edges.map(() => null),
    };
    const judged = new Promise<Verdict>((resolve) => verdicts.set(epoch, resolve));
    say({ type: 'epoch', run, metrics });
    if (rungs.includes(epoch) || epoch === training.epochs) {
      const verdict = await judged;
      if (verdict === 'save-and-stop') await hand(job, epoch, 'final');
      if (verdict !== 'go-on') return { type: 'ended', run, end: 'stopped' };
    }
    if (epoch === training.epochs) break;
    if (pace.checkpointEvery === null) await hand(job, epoch, 'resume');
    else if (performance.now() >= due && !handing) {
      due += pace.checkpointEvery;
      handing = hand(job, epoch, 'resume').finally(() => (handing = null));
    }
  }
  await handing;
  if (halt && epoch < training.epochs) {
    if (halt.keep && epoch > 0) await hand(job, epoch, 'resume');
    return { type: 'ended', run, end: 'halted' };
  }
  await hand(job, epoch, 'final');
  return { type: 'ended', run, end: 'completed' };
}

async function hand({ run }: JobNotice, epoch: number, purpose: 'resume' | 'final'): Promise<void> {
  const bytes = stateOf(run, epoch);
  const transfer = ++transfers;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const stored = new Promise<void>((resolve) => settled.set(transfer, resolve));
  say({
    type: 'checkpoint',
    run,
    purpose,
    weights: { transfer, epoch, bytes: bytes.length, sha256 },
  });
  await outbox.send(transfer, () => [bytes]).catch(() => undefined);
  await stored;
}

process.on('message', (raw) => {
  const message = parseToWorker(fromWire(raw));
  switch (message.type) {
    case 'hello':
      say({ type: 'ready', version: MESSAGES_VERSION, engine: 'formula', device: 'none' });
      break;
    case 'start':
      halt = null;
      verdicts.clear();
      void work(message.job).then(say);
      break;
    case 'verdict':
      verdicts.get(message.epoch)?.(message.verdict);
      break;
    case 'stop':
      halt = { keep: message.keep };
      break;
    case 'checkpoint-settled':
      settled.get(message.transfer)?.();
      if (message.problem !== '')
        outbox.ended({
          type: 'transfer-ended',
          transfer: message.transfer,
          problem: message.problem,
        });
      break;
    case 'chunk':
      inbox.chunk(message);
      break;
    case 'chunk-taken':
      outbox.taken(message);
      break;
    case 'transfer-ended':
      inbox.ended(message);
      outbox.ended(message);
      break;
    case 'shut-down':
      process.exit(0);
  }
});
process.on('disconnect', () => process.exit(0));
