import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chooseSlots, measuredEngine } from '../../core/devices/card-slots.ts';
import { measureSlots, type SlotsListener } from '../../core/workers/measure-card.ts';

const program = fileURLToPath(new URL('measure-impostor.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ktg-measure-'));
const [bin, workers] = ['bin', 'workers'].map((name) => join(folder, name)) as [string, string];
const before = { ...process.env };
const card = {
  index: 0,
  uuid: 'GPU-6f3c',
  title: 'NVIDIA H100',
  memory: 80e9,
  driver: '580.1',
};
const work = { arch: 'resnet32', precision: 'tf32', steps: 300 } as const;

const script = (name: string, text: string): void => {
  writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(bin, name), 0o755);
};

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  for (const each of [bin, workers]) mkdirSync(each, { recursive: true });
  // Every worker takes 1,000 MiB.
  script('nvidia-smi', `echo $((500 + 1000 * $(ls ${workers} | wc -l)))`);
  script('nvidia-cuda-mps-control', 'if [ "$1" = -d ]; then exit 0; fi; read line');
  Object.assign(process.env, { PATH: `${bin}:${before.PATH}`, KTG_TEST_WORKERS: workers });
});
after(() => {
  process.env = before;
  rmSync(folder, { recursive: true, force: true });
});

/** Whether the process of a worker's file runs: one that was killed leaves its file. */
const lives = (pid: string): boolean => existsSync(`/proc/${pid}`);

function listener(): SlotsListener & { texts: string[] } {
  const texts: string[] = [];
  return {
    texts,
    measured: ({ slots, stepsPerSecond }) => texts.push(`${slots}: ${stepsPerSecond}`),
    note: (text) => texts.push(text),
  };
}

describe('the slots of a card are measured', () => {
  test('by more workers at once until no more fit; those that fit are kept', async () => {
    const heard = listener();
    const found = await measureSlots({ device: 'gpu', card, program }, work, heard);
    const rates = [
      { slots: 1, stepsPerSecond: 500, memory: 1000 * 2 ** 20 },
      { slots: 2, stepsPerSecond: 1000, memory: 2000 * 2 ** 20 },
      { slots: 4, stepsPerSecond: 2000, memory: 4000 * 2 ** 20 },
    ];
    assert.deepEqual(found, {
      format: 'ktg-packing',
      version: 1,
      card: 'NVIDIA H100',
      driver: '580.1',
      engine: measuredEngine,
      work: 'resnet32, batch 64, tf32',
      shared: true,
      measurements: rates,
    });
    const last = 'The measurement stopped here: out of memory';
    assert.deepEqual(heard.texts, ['1: 500', '2: 1000', '4: 2000', last]);
    assert.equal(chooseSlots(found, card).slots, 4);
    assert.deepEqual(readdirSync(workers).filter(lives), [], 'no worker is left');
  });

  test('and where workers take turns, the reason is noted', async () => {
    script('nvidia-cuda-mps-control', 'echo "Cannot find MPS" >&2; exit 1');
    const heard = listener();
    const found = await measureSlots({ device: 'gpu', card, program }, work, heard);
    assert.equal(found.shared, false);
    assert.match(heard.texts[0]!, /Cannot find MPS.*each card has one slot/);
    assert.equal(chooseSlots(found, card).slots, 1);
  });

  test('a worker that ends without an answer is named with its last words', async () => {
    await assert.rejects(
      measureSlots({ device: 'gpu', card, program }, { ...work, steps: 1 }, listener()),
      {
        code: 'devices.not-measured',
        message:
          'NVIDIA H100 could not be measured: a worker ended by exit status 3: no kernel image',
      },
    );
  });

  test('an interrupted measurement ends its workers and keeps nothing', async () => {
    const stop = new AbortController();
    const target = { device: 'gpu', card, program, signal: stop.signal } as const;
    const measuring = measureSlots(target, work, {
      ...listener(),
      measured: ({ slots }) => {
        if (slots === 2) stop.abort(new Error('interrupted'));
      },
    });
    await assert.rejects(measuring, /interrupted/);
    assert.deepEqual(readdirSync(workers).filter(lives), []);
  });
});
