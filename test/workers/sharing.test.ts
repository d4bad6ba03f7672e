import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { devicesFrom } from '../../core/workers/devices.ts';
import { shareCards } from '../../core/workers/mps.ts';
import {
  chooseSlots,
  keepPacking,
  type Packing,
  packingFile,
  readPacking,
} from '../../core/workers/packing.ts';
import { environmentFor, placesFor } from '../../core/workers/placement.ts';

const folder = mkdtempSync(join(tmpdir(), 'ktg-sharing-'));
after(() => {
  rmSync(folder, { recursive: true });
});

/** A pretended nvidia-cuda-mps-control: writes down how it was called, then does as `script` says. */
function pretend(name: string, script: string): { environment: Record<string, string>; calls: () => string } {
  const bin = mkdtempSync(join(folder, `${name}-`));
  const program = join(bin, 'nvidia-cuda-mps-control');
  const log = join(bin, 'calls');
  writeFileSync(
    program,
    `#!/bin/sh\necho "$* $CUDA_MPS_PIPE_DIRECTORY $CUDA_VISIBLE_DEVICES" >> ${log}\n${script}\n`,
  );
  chmodSync(program, 0o755);
  return {
    environment: { PATH: `${bin}:/usr/bin:/bin` },
    calls: () => (existsSync(log) ? readFileSync(log, 'utf8') : ''),
  };
}
const answer =
  'if [ "$1" = -d ]; then exit 0; fi; read line; echo "$line" >> "$CUDA_MPS_LOG_DIRECTORY/asked"';

describe("the user's own daemon for several workers on a card", () => {
  test('is started for these cards, with pipes of its own, and ended', async () => {
    const { environment, calls } = pretend('good', answer);
    const place = mkdtempSync(join(folder, 'good-'));
    const own = join(place, `ktg-mps-${userInfo().uid}-${process.pid}`);
    const sharing = await shareCards(['GPU-6f3c', 'GPU-77de'], environment, place);
    assert.ok(sharing.shared);
    assert.deepEqual(sharing.variables, {
      CUDA_MPS_PIPE_DIRECTORY: join(own, 'pipe'),
      CUDA_MPS_LOG_DIRECTORY: join(own, 'log'),
    });
    assert.match(calls(), new RegExp(`^-d ${own}/pipe GPU-6f3c,GPU-77de\n`));
    assert.equal(readFileSync(join(own, 'log', 'asked'), 'utf8'), 'get_server_list\n');
    await sharing.end();
    assert.ok(!existsSync(own));
    assert.equal(calls().trim().split('\n').length, 3, 'started, asked, told to quit');
  });
  test("a daemon of the user's is used and left alone", async () => {
    const { environment, calls } = pretend('own', answer);
    const sharing = await shareCards(['GPU-6f3c'], { ...environment, CUDA_MPS_PIPE_DIRECTORY: '/tmp/mine' });
    assert.ok(sharing.shared);
    await sharing.end();
    assert.equal(calls(), '');
  });
  test('where it is missing or refuses, the reason is said and nothing stays', async () => {
    const place = mkdtempSync(join(folder, 'refused-'));
    const missing = await shareCards(['GPU-6f3c'], { PATH: join(folder, 'empty') }, place);
    assert.ok(!missing.shared && /not installed.*one slot a card/.test(missing.reason));
    const { environment } = pretend(
      'bad',
      'echo "An instance of this daemon is already running" >&2; exit 1',
    );
    const refused = await shareCards(['GPU-6f3c'], environment, place);
    assert.ok(!refused.shared && /does not start: An instance of this daemon/.test(refused.reason));
    assert.deepEqual(readdirSync(place), []);
  });
  test('a daemon of a lab that was killed is ended first; that of one that lives is not', async () => {
    const { environment, calls } = pretend('left', answer);
    const place = mkdtempSync(join(folder, 'left-'));
    const { pid: dead } = spawnSync('true');
    const [left, living] = [dead, process.ppid].map((pid) => join(place, `ktg-mps-${userInfo().uid}-${pid}`)); // prettier-ignore
    for (const each of [left!, living!]) mkdirSync(join(each, 'log'), { recursive: true });
    const sharing = await shareCards(['GPU-6f3c'], environment, place);
    assert.match(calls(), new RegExp(`^ ${left}/pipe`), 'told to quit before another is started');
    assert.ok(!calls().includes(living!));
    assert.deepEqual([left!, living!].map(existsSync), [false, true]);
    assert.ok(sharing.shared);
    await sharing.end();
  });
});

describe('workers that share a card', () => {
  const variables = { CUDA_MPS_PIPE_DIRECTORY: '/tmp/pipe' };
  test('each slot of a card sees that card alone, and the daemon', () => {
    const card = { index: 1, uuid: 'GPU-a01b', title: 'NVIDIA H100', memory: 80e9 };
    const devices = devicesFrom([card], null, () => ({ slots: 3, reason: '' }));
    assert.deepEqual(devices.map(({ name, slots }) => [name, slots])[0], ['gpu:1', 3]);
    for (const place of placesFor(devices, 8).filter(({ gpu }) => gpu !== null)) {
      const environment = environmentFor(place, variables);
      assert.equal(environment.CUDA_VISIBLE_DEVICES, 'GPU-a01b');
      assert.equal(environment.CUDA_MPS_PIPE_DIRECTORY, '/tmp/pipe');
    }
  });
  test('workers of the processor see neither', () => {
    const [place] = placesFor(
      devicesFrom([], null, () => assert.fail()),
      2,
    );
    assert.equal(environmentFor(place!, variables).CUDA_VISIBLE_DEVICES, '');
    assert.ok(!('CUDA_MPS_PIPE_DIRECTORY' in environmentFor(place!, variables)));
  });
  test('no more slots than ever filled a card', () => {
    const card = { index: 0, uuid: 'GPU-6f3c', title: 'NVIDIA H100', memory: null };
    assert.equal(devicesFrom([card], null, () => ({ slots: 99, reason: '' }))[0]!.slots, 8);
  });
});

describe('how many workers a card gets', () => {
  const measured = (...rates: [slots: number, rate: number, memory?: number][]): Packing => ({
    format: 'ktg-packing',
    version: 1,
    card: 'NVIDIA H100',
    driver: '550.54',
    engine: 'TensorFlow 2.21.0',
    work: 'resnet32, batch 64',
    shared: true,
    measurements: rates.map(([slots, stepsPerSecond, memory]) => ({ slots, stepsPerSecond, memory: memory ?? null })), // prettier-ignore
  });
  const slots = (found: Packing | null, capacity: number | null = null): number =>
    chooseSlots(found, capacity).slots;

  test('as many as each bring a worthwhile share more', () => {
    // PyTorch's CUDA graphs under MPS on an H100
    assert.equal(slots(measured([1, 231], [2, 345], [4, 448], [8, 526])), 8);
    assert.equal(slots(measured([8, 450], [4, 448], [1, 231], [2, 345])), 4);
    assert.equal(slots(measured([1, 239], [2, 239], [4, 240])), 1);
  });
  test('no more than fit', () => {
    const found = measured([1, 100, 5e9], [2, 180, 10e9], [4, 300, 20e9]);
    assert.equal(slots(found, 16e9), 2);
    assert.match(chooseSlots(found, 16e9).reason, /4 workers do not fit/);
    assert.equal(slots(found, 80e9), 4);
  });
  test('one without a measurement, or where they take turns', () => {
    assert.equal(slots(null), 1);
    assert.equal(slots({ ...measured([1, 100], [2, 200]), shared: false }), 1);
  });
  test('a measurement is kept for its card and engine', () => {
    const file = packingFile('NVIDIA H100 80GB HBM3', folder);
    assert.equal(readPacking(file), null);
    keepPacking(file, measured([1, 10]));
    assert.deepEqual(readPacking(file), measured([1, 10]));
    assert.notEqual(file, packingFile('NVIDIA H200', folder));
    writeFileSync(file, '{"format":"ktg-packing","version":2}');
    assert.equal(readPacking(file), null);
  });
});
