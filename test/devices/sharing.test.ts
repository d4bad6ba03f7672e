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
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Device } from '../../core/devices/device.ts';
import { devicesFrom } from '../../core/devices/devices.ts';
import { type CardSharing, type Sharing, shareCards } from '../../core/devices/mps.ts';
import {
  chooseSlots,
  keepMeasurement,
  measuredEngine,
  type CardMeasurement,
  measurementFile,
  readMeasurement,
} from '../../core/devices/card-slots.ts';
import { environmentFor, placesFor } from '../../core/workers/placement.ts';
import { WorkerPool } from '../../core/workers/pool.ts';
import { cpu, job, Witness } from '../workers/jobs.ts';

const folder = mkdtempSync(join(tmpdir(), 'ktg-sharing-'));
after(() => {
  rmSync(folder, { recursive: true });
});

/**
 * A pretended nvidia-cuda-mps-control: writes down how it was called, then does as `script` says.
 */
function pretend(
  name: string,
  script: string,
): { environment: Record<string, string>; calls: () => string } {
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

describe('the MPS daemon of the user', () => {
  test('is started for these cards with its own pipes, and ended', async () => {
    const { environment, calls } = pretend('good', answer);
    const place = mkdtempSync(join(folder, 'good-'));
    const own = join(place, `ktg-mps-${process.getuid!()}-${process.pid}`);
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
  test('needs no entry of the user in /etc/passwd, which containers often lack', () => {
    const module = new URL('../../core/devices/mps.ts', import.meta.url).href;
    const program = `
      import os from 'node:os';
      import { syncBuiltinESMExports } from 'node:module';
      os.userInfo = () => { throw new Error('uv_os_get_passwd returned ENOENT'); };
      syncBuiltinESMExports();
      await import(${JSON.stringify(module)});`;
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', program],
      {
        encoding: 'utf8',
      },
    );
    assert.equal(status, 0, stderr);
  });
  test('keeps no pipe to the lab', async () => {
    const [pid, output] = ['pid', 'output'].map((name) => join(folder, name)) as [string, string];
    const { environment } = pretend(
      'staying',
      `if [ "$1" = -d ]; then sleep 60 & echo $! > ${pid}; readlink /proc/$!/fd/1 /proc/$!/fd/2 > ${output}; exit 0; fi; read line`,
    );
    try {
      const sharing = await shareCards(
        ['GPU-6f3c'],
        environment,
        mkdtempSync(join(folder, 'staying-')),
      );
      assert.ok(sharing.shared, JSON.stringify(sharing));
      assert.doesNotMatch(readFileSync(output, 'utf8'), /pipe:/);
      await sharing.end();
    } finally {
      process.kill(Number(readFileSync(pid, 'utf8')));
    }
  });
  test('detaches a worker before the worker is killed', async () => {
    const { environment } = pretend(
      'server',
      `${answer}; if [ "$line" = get_server_list ]; then echo 4711; echo 4712; fi`,
    );
    const place = mkdtempSync(join(folder, 'server-'));
    const sharing = await shareCards(['GPU-6f3c'], environment, place);
    assert.ok(sharing.shared);
    await sharing.letGo(99);
    const asked = readFileSync(join(sharing.variables.CUDA_MPS_LOG_DIRECTORY!, 'asked'), 'utf8');
    assert.equal(
      asked,
      'get_server_list\nget_server_list\nterminate_client 4711 99\nterminate_client 4712 99\n',
    );
    rmSync(environment.PATH!.split(':')[0]!, { recursive: true });
    await sharing.letGo(99); // the daemon is gone: nothing to ask, and nothing that fails
    await sharing.end();
  });
  test('of the environment is used unchanged', async () => {
    const { environment, calls } = pretend('own', answer);
    const sharing = await shareCards(['GPU-6f3c'], {
      ...environment,
      CUDA_MPS_PIPE_DIRECTORY: '/tmp/mine',
    });
    assert.ok(sharing.shared);
    await sharing.end();
    assert.equal(calls(), '');
  });
  test('at the default place is used if it answers', async () => {
    const place = mkdtempSync(join(folder, 'usual-'));
    const usual = join(place, 'nvidia-mps');
    mkdirSync(usual);
    writeFileSync(join(usual, 'control'), '');
    const { environment, calls } = pretend('usual', 'read line');
    const sharing = await shareCards(['GPU-6f3c'], environment, place, usual);
    assert.ok(sharing.shared);
    assert.deepEqual(sharing.variables, {}, 'workers go to it by themselves');
    await sharing.end();
    assert.equal(calls().trim(), '', 'asked once, neither started nor ended');
    const left = pretend(
      'left-over',
      `if [ -z "$1" ] && [ -z "$CUDA_MPS_PIPE_DIRECTORY" ]; then exit 1; fi; ${answer}`,
    );
    const own = await shareCards(['GPU-6f3c'], left.environment, place, usual);
    assert.ok(
      own.shared && own.variables.CUDA_MPS_PIPE_DIRECTORY,
      'only the files of a daemon are left',
    );
    await own.end();
  });
  test('that is missing or refuses is reported, and no files remain', async () => {
    const place = mkdtempSync(join(folder, 'refused-'));
    const missing = await shareCards(['GPU-6f3c'], { PATH: join(folder, 'empty') }, place);
    assert.ok(!missing.shared && /not installed.*each card has one slot/.test(missing.reason));
    const { environment } = pretend(
      'bad',
      'echo "An instance of this daemon is already running" >&2; exit 1',
    );
    const refused = await shareCards(['GPU-6f3c'], environment, place);
    assert.ok(!refused.shared && /does not start: An instance of this daemon/.test(refused.reason));
    assert.deepEqual(readdirSync(place), []);
  });
  test('of a killed lab is ended first; that of a running lab is not', async () => {
    const { environment, calls } = pretend('left', answer);
    const place = mkdtempSync(join(folder, 'left-'));
    const { pid: dead } = spawnSync('true');
    const [left, living] = [dead, process.ppid].map((pid) =>
      join(place, `ktg-mps-${process.getuid!()}-${pid}`),
    );
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
    const card = {
      index: 1,
      uuid: 'GPU-a01b',
      title: 'NVIDIA H100',
      memory: 80e9,
      driver: '550.54',
    };
    const devices = devicesFrom(
      [card],
      () => null,
      () => ({ slots: 3, reason: '' }),
    );
    assert.deepEqual(devices.map(({ name, slots }) => [name, slots])[0], ['gpu:1', 3]);
    for (const place of placesFor(devices, 8).filter(({ gpu }) => gpu !== null)) {
      const environment = environmentFor(place, variables);
      assert.equal(environment.CUDA_VISIBLE_DEVICES, 'GPU-a01b');
      assert.equal(environment.CUDA_MPS_PIPE_DIRECTORY, '/tmp/pipe');
    }
  });
  test('workers of the processor see no card and no daemon', () => {
    const [place] = placesFor(
      devicesFrom(
        [],
        () => null,
        () => assert.fail(),
      ),
      2,
    );
    assert.equal(environmentFor(place!, variables).CUDA_VISIBLE_DEVICES, '');
    assert.ok(!('CUDA_MPS_PIPE_DIRECTORY' in environmentFor(place!, variables)));
  });
  test('a card has at most the maximum number of slots', () => {
    const card = {
      index: 0,
      uuid: 'GPU-6f3c',
      title: 'NVIDIA H100',
      memory: null,
      driver: '550.54',
    };
    assert.equal(
      devicesFrom(
        [card],
        () => null,
        () => ({ slots: 99, reason: '' }),
      )[0]!.slots,
      8,
    );
  });
});

describe('a pool of workers on a card', () => {
  const impostor = fileURLToPath(new URL('../workers/impostor.ts', import.meta.url));
  const card = (slots: number): Device => ({
    ...cpu(slots, 8),
    name: 'gpu:0',
    kind: 'gpu',
    uuid: 'GPU-6f3c',
  });
  const begun: string[] = [];
  const pools: WorkerPool[] = [];
  after(() => Promise.all(pools.map((pool) => pool.close())));

  const poolOf = (slots: number, share: () => Promise<Sharing>): WorkerPool => {
    const pool = new WorkerPool({ devices: [card(slots)], cores: 2, program: impostor, share });
    pools.push(pool);
    return pool;
  };
  const sharing = (pipe: string, calls: string[]): CardSharing => ({
    shared: true,
    variables: { CUDA_MPS_PIPE_DIRECTORY: pipe },
    letGo: async (pid) => void calls.push(`let go ${existsSync(`/proc/${pid}`)}`),
    end: async () => void calls.push('end'),
  });
  const free = async (pool: WorkerPool, slot: string): Promise<void> => {
    while (pool.slots().find(({ name }) => name === slot)?.state !== 'ready') await once(pool);
  };
  const once = (pool: WorkerPool) =>
    new Promise<void>((resolve) => {
      const undo = pool.onSlots(() => {
        undo();
        resolve();
      });
    });
  const pipeOf = (pool: WorkerPool, slot: string): string | undefined =>
    /CUDA_MPS_PIPE_DIRECTORY=([^\0]*)/.exec(
      readFileSync(`/proc/${pool.processes().get(slot)}/environ`, 'utf8'),
    )?.[1];

  test('uses MPS from the second slot on', async () => {
    const calls: string[] = [];
    const pool = poolOf(1, async () => {
      begun.push('asked');
      await new Promise((resolve) => setTimeout(resolve, 20));
      return sharing('/pipe', calls);
    });
    await pool.settled();
    assert.deepEqual(begun, []);
    const first = pool.start('gpu:0:0', job({ title: 'wait' }), new Witness());
    assert.equal(pipeOf(pool, 'gpu:0:0'), undefined);
    pool.setSlots('gpu:0', 2);
    assert.deepEqual([pool.slots()[1]!.state, begun], ['starting', ['asked']]);
    await free(pool, 'gpu:0:1');
    pool.start('gpu:0:1', job({ title: 'wait' }), new Witness());
    assert.equal(pipeOf(pool, 'gpu:0:1'), '/pipe');
    first.kill(); // who had the card alone does not stay
    await free(pool, 'gpu:0:0');
    pool.start('gpu:0:0', job({ title: 'wait' }), new Witness());
    assert.equal(pipeOf(pool, 'gpu:0:0'), '/pipe');
    pool.setSlots('gpu:0', 3);
    await pool.close();
    assert.deepEqual([begun, calls], [['asked'], ['end']]);
  });

  test('has one slot without MPS', async () => {
    const pool = poolOf(4, async () => ({ shared: false, reason: 'Not installed.' }));
    await pool.settled();
    assert.deepEqual(
      pool.devices().map(({ slots, note }) => [slots, note]),
      [[1, 'Not installed.']],
    );
    assert.deepEqual(
      pool.slots().map(({ name }) => name),
      ['gpu:0:0'],
    );
  });

  test('continues without MPS when it accepts no client: the run starts again, and the log says so', async () => {
    const calls: string[] = [];
    const pool = poolOf(2, async () => sharing('/lets/nobody/in', calls));
    await pool.settled();
    const witness = new Witness();
    pool.start('gpu:0:0', job({ title: 'skip an epoch' }), witness);
    await witness.over;
    assert.deepEqual(witness.calls, ['started', 'failed protocol'], 'it got as far as its job');
    const [device] = pool.devices();
    assert.equal(device!.slots, 1);
    assert.match(
      device!.note!,
      /no worker can use a card .*It found no card\. .*each card has one slot/,
    );
    assert.match(witness.lines.join(), /no worker can use a card/);
    assert.deepEqual(calls, ['end']);
  });

  test('the daemon detaches a hanging worker before the kill', async () => {
    const calls: string[] = [];
    const pool = poolOf(2, async () => sharing('/pipe', calls));
    await pool.settled();
    const witness = new Witness();
    const handle = pool.start('gpu:0:0', job({ title: 'compile' }), witness);
    await new Promise<void>(
      (resolve) =>
        (witness.onProgress = () => {
          resolve();
        }),
    );
    handle.kill();
    await free(pool, 'gpu:0:0');
    assert.deepEqual(calls, ['let go true']);
  });
});

describe('number of workers of a card', () => {
  const measured = (
    ...rates: [slots: number, rate: number, memory?: number][]
  ): CardMeasurement => ({
    format: 'ktg-packing',
    version: 1,
    card: 'NVIDIA H100',
    driver: '550.54',
    engine: measuredEngine,
    work: 'resnet32, batch 64',
    shared: true,
    measurements: rates.map(([slots, stepsPerSecond, memory]) => ({
      slots,
      stepsPerSecond,
      memory: memory ?? null,
    })),
  });
  const card = (memory: number | null = null) => ({ memory, driver: '550.54' });
  const slots = (found: CardMeasurement | null, capacity: number | null = null): number =>
    chooseSlots(found, card(capacity)).slots;

  test('is as high as each more worker adds enough speed', () => {
    // PyTorch's CUDA graphs under MPS on an H100
    assert.equal(slots(measured([1, 231], [2, 345], [4, 448], [8, 526])), 8);
    assert.equal(slots(measured([8, 450], [4, 448], [1, 231], [2, 345])), 4);
    assert.equal(slots(measured([1, 239], [2, 239], [4, 240])), 1);
  });
  test('is limited by memory', () => {
    const found = measured([1, 100, 5e9], [2, 180, 10e9], [4, 300, 20e9]);
    assert.equal(slots(found, 16e9), 2);
    assert.match(chooseSlots(found, card(16e9)).reason, /4 workers do not fit/);
    assert.equal(slots(found, 80e9), 4);
    assert.equal(slots(found, 23e9), 2, 'with room for steps of other architectures');
  });
  test('is one without a measurement or without MPS', () => {
    assert.equal(slots(null), 1);
    assert.equal(slots({ ...measured([1, 100], [2, 200]), shared: false }), 1);
  });
  test('is one after a change of driver or engine', () => {
    const found = measured([1, 100], [2, 200]);
    assert.deepEqual(chooseSlots(found, { memory: null, driver: '580.1' }), {
      slots: 1,
      reason: `Measured with driver 550.54 and ${measuredEngine}, now it is driver 580.1 and ${measuredEngine}; measure with: ktg engine measure`,
    });
    assert.equal(slots({ ...found, engine: 'TensorFlow 2.20.0' }), 1);
  });
  test('a measurement is kept for its card and engine', () => {
    const file = measurementFile('NVIDIA H100 80GB HBM3', folder);
    assert.equal(readMeasurement(file), null);
    keepMeasurement(file, measured([1, 10]));
    assert.deepEqual(readMeasurement(file), measured([1, 10]));
    assert.notEqual(file, measurementFile('NVIDIA H200', folder));
    writeFileSync(file, '{"format":"ktg-packing","version":2}');
    assert.equal(readMeasurement(file), null);
  });
});
