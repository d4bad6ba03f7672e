import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decodeCheckpoint } from '../../core/train/checkpoint.ts';
import { runFiles } from '../../core/train/run-folder.ts';

const cli = fileURLToPath(new URL('../../core/cli.ts', import.meta.url));
const EPOCHS = 5;
const arguments_ = [
  ...['train', 'resnet8=TL,resnet8=CT', '--data', 'synthetic:train=80,test=8,classes=4'],
  ...['--epochs', String(EPOCHS), '--batch', '8', '--seed', '6', '--threads', '2', '--json'],
];

interface Ending {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The JSON lines that it printed. */
  readonly events: { event: string; epoch?: number; goOn?: string; resumedAt?: number }[];
  readonly errors: string;
}

/** `ktg train` in a process of its own; `meanwhile` may end it. */
async function ktg(
  args: readonly string[],
  meanwhile: (
    end: (signal: NodeJS.Signals) => void,
    event: Ending['events'][number],
  ) => void = () => undefined,
): Promise<Ending> {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const events: Ending['events'] = [];
  let rest = '';
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      const event = JSON.parse(line) as Ending['events'][number];
      events.push(event);
      meanwhile((signal) => child.kill(signal), event);
    }
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      resolve({ status, signal, events, errors });
    });
  });
}

/**
 * Weights, momentum, statistics and position to the last bit, and the metrics without their times.
 */
function outcome(folder: string) {
  const metrics = readFileSync(join(folder, runFiles.metrics), 'utf8').trimEnd().split('\n');
  return {
    checkpoint: readFileSync(join(folder, runFiles.checkpoint)),
    metrics: metrics.map((line) => {
      const { seconds: _, ...rest } = JSON.parse(line) as Record<string, unknown>;
      return rest;
    }),
  };
}

describe('an interrupted training reaches the same result bit for bit', () => {
  const root = mkdtempSync(join(tmpdir(), 'ktg-killed-'));
  let whole: ReturnType<typeof outcome>;

  before(async () => {
    const { status } = await ktg([...arguments_, '--out', join(root, 'whole')]);
    assert.equal(status, 0);
    whole = outcome(join(root, 'whole'));
    assert.equal(whole.metrics.length, EPOCHS);
  });
  after(() => {
    rmSync(root, { recursive: true });
  });

  async function goesOn(folder: string, resumedAt: number): Promise<void> {
    const { status, events } = await ktg(['train', '--resume', '--out', folder, '--json']);
    assert.equal(status, 0);
    assert.equal(events[0]?.resumedAt, resumedAt);
    const { checkpoint, metrics } = outcome(folder);
    assert.deepEqual(metrics, whole.metrics);
    assert.ok(checkpoint.equals(whole.checkpoint), 'the last checkpoints differ');
  }

  test('after kill -9 during an epoch', async () => {
    const folder = join(root, 'in-epoch');
    const { signal, events } = await ktg(
      [...arguments_, '--out', folder],
      (end, { event, epoch }) => {
        if (event === 'epoch' && epoch === 2) end('SIGKILL');
      },
    );
    assert.equal(signal, 'SIGKILL');
    assert.ok(!events.some(({ event }) => event === 'end'));
    await goesOn(folder, decodeCheckpoint(outcome(folder).checkpoint, folder).info.epoch);
  });

  test('after repeated kill -9 while a checkpoint is written', async () => {
    const folder = join(root, 'in-save');
    const half = join(folder, `${runFiles.checkpoint}.new`);
    let killed = 0;
    let args = [...arguments_, '--out', folder];
    for (let i = 0; i < 3; i++) {
      let watcher: ReturnType<typeof watch> | undefined;
      const { signal } = await ktg(args, (end, { event }) => {
        if (event !== 'start') return;
        watcher = watch(folder, (_, name) => {
          if (name === `${runFiles.checkpoint}.new` && existsSync(half)) end('SIGKILL');
        });
      });
      watcher?.close();
      if (signal === 'SIGKILL') killed++;
      args = ['train', '--resume', '--out', folder, '--json'];
    }
    assert.ok(killed > 0);
    // the worst that a killed save leaves: a checkpoint cut off in the middle beside the whole one,
    // and half a line
    writeFileSync(half, whole.checkpoint.subarray(0, 1000));
    writeFileSync(join(folder, runFiles.metrics), '{"epoch":9,"nodes":[{"accu', { flag: 'a' });
    const { status } = await ktg(args);
    assert.equal(status, 0);
    const { checkpoint, metrics } = outcome(folder);
    assert.deepEqual(metrics, whole.metrics);
    assert.ok(checkpoint.equals(whole.checkpoint));
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal} saves during an epoch and prints how to continue`, async () => {
      const folder = join(root, signal);
      const ending = await ktg([...arguments_, '--out', folder], (end, { event }) => {
        if (event === 'start') end(signal);
      });
      assert.equal(ending.status, 130);
      const last = ending.events.at(-1)!;
      assert.equal(last.event, 'end');
      assert.equal(last.goOn, `ktg train --resume --out ${folder}`);
      const done = ending.events.filter(({ event }) => event === 'epoch').length;
      assert.ok(done < EPOCHS, 'it was ended before the end');
      await goesOn(folder, done);
    });
  }

  test('resuming a finished run changes nothing', async () => {
    await goesOn(join(root, 'whole'), EPOCHS);
  });

  test('two processes cannot use one folder', async () => {
    const folder = join(root, 'shared');
    let second: Promise<Ending> | undefined;
    const first = await ktg(
      [...arguments_, '--out', folder, '--epochs', '40'],
      (end, { event }) => {
        if (event !== 'start') return;
        second = ktg(['train', '--resume', '--out', folder, '--json']).finally(() => {
          end('SIGTERM');
        });
      },
    );
    const refused = await second;
    assert.equal(refused?.status, 1);
    assert.match(refused.errors, /is in use by process \d+/);
    assert.equal(first.status, 130);
  });
});
