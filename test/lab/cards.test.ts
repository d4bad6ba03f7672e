import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { measureCards } from '../../core/commands/engine-measure.ts';
import { deviceTexts } from '../../core/commands/words.ts';
import { addonVersion } from '../../core/install/addon.ts';
import { libraryFolder } from '../../core/install/engine-home.ts';
import { cudaFolder, cudaLibraries } from '../../core/install/cuda-libraries.ts';
import { releaseFor, tensorflowVersion } from '../../core/install/release.ts';
import type { Lab } from '../../core/lab/lab.ts';
import { IN_MEMORY, openLab } from '../../core/host/open.ts';
import {
  chooseSlots,
  keepMeasurement,
  measuredEngine,
  measurementFile,
  readMeasurement,
} from '../../core/devices/card-slots.ts';

const CARD = 'NVIDIA H100 80GB HBM3';
const PATH = process.env.PATH!;
const folder = mkdtempSync(join(tmpdir(), 'ktg-cards-'));
after(() => {
  rmSync(folder, { recursive: true });
});

const manifest = {
  format: 'ktg-engine',
  version: 1,
  variant: 'gpu',
  platform: 'linux-x64',
  tensorflow: tensorflowVersion,
  addon: addonVersion(),
  files: [],
};

/** What a pretended machine has. */
interface Machine {
  readonly driver?: string;
  readonly library?: boolean;
  readonly cuda?: readonly string[];
  readonly mps?: boolean;
  /** Compute capabilities of the two cards. */
  readonly capabilities?: readonly string[];
  /** What nvidia-smi says when it fails. */
  readonly mute?: string;
  /** Steps a second by workers at once. */
  readonly rates?: readonly [slots: number, stepsPerSecond: number][];
  /** What is done in the lab before one looks. */
  readonly meanwhile?: (lab: Lab, bringLibrary: () => void) => Promise<void>;
}

const script = (path: string, text: string): void => {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
};

/** Opens a lab on a pretended machine with two cards; what it says of its devices. */
async function look({
  driver = '580.1',
  library = true,
  cuda = cudaLibraries.map(({ soname }) => soname),
  mps = true,
  capabilities = ['9.0', '9.0'],
  mute = '',
  rates,
  meanwhile,
}: Machine) {
  const place = mkdtempSync(join(folder, 'machine-'));
  const [bin, home, lib] = ['bin', 'home', 'lib'].map((name) => join(place, name)) as [
    string,
    string,
    string,
  ];
  for (const each of [bin, home, lib]) mkdirSync(each);
  const rows = (cells: (index: number) => string): string =>
    [0, 1].map((i) => `echo "${cells(i)}"`).join('; ');
  const answers = {
    'memory.total': rows((i) => `${i}, GPU-${i}f3c, ${CARD}, 81559, ${driver}`),
    compute_cap: rows((i) => `GPU-${i}f3c, ${capabilities[i]!}`),
    'driver_version,index': rows((i) => `${driver}, ${i}, GPU-${i}f3c, ${CARD}`),
  };
  const cases = Object.entries(answers).map(([field, answer]) => `*${field}*) ${answer};;`);
  script(
    join(bin, 'nvidia-smi'),
    mute === '' ? `case "$1" in ${cases.join(' ')} esac` : `echo "${mute}"; exit 18`,
  );
  script(join(bin, 'ldconfig'), 'exit 0');
  script(
    join(bin, 'nvidia-cuda-mps-control'),
    `echo "$@" >> ${join(place, 'mps')}; ${mps ? 'if [ "$1" != -d ]; then read line; fi' : 'echo "Cannot find MPS" >&2; exit 1'}`,
  );
  for (const name of cuda) writeFileSync(join(lib, name), '');
  const bringLibrary = (): void => {
    const installed = libraryFolder(home, releaseFor('gpu'));
    mkdirSync(join(installed, cudaFolder), { recursive: true });
    writeFileSync(join(installed, 'manifest.json'), JSON.stringify(manifest));
  };
  if (library) bringLibrary();
  if (rates)
    keepMeasurement(measurementFile(CARD, home), {
      ...{
        format: 'ktg-packing',
        version: 1,
        card: CARD,
        driver,
        engine: measuredEngine,
        work: 'resnet32, tf32',
        shared: true,
      },
      measurements: rates.map(([slots, stepsPerSecond]) => ({
        slots,
        stepsPerSecond,
        memory: slots * 4e9,
      })),
    });
  const before = { ...process.env };
  Object.assign(process.env, { PATH: `${bin}:${PATH}`, KTG_HOME: home, LD_LIBRARY_PATH: lib });
  delete process.env.CUDA_VISIBLE_DEVICES;
  const lab = await openLab(IN_MEMORY);
  try {
    await meanwhile?.(lab, bringLibrary);
    const devices = await lab.request('devices.list', {});
    const { engine, slots } = await lab.request('lab.status', {});
    return {
      devices: Object.fromEntries(devices.map((device) => [device.name, device.slots])),
      said: deviceTexts(devices).join('\n'),
      kind: engine.kind,
      slots: slots.map(({ name }) => name).join(' '),
      daemon: existsSync(join(place, 'mps')),
    };
  } finally {
    await lab.close();
    process.env = before;
  }
}

describe('a lab on a machine with two cards', () => {
  test('takes the slots that were measured, where CUDA MPS is to be had, and says why', async () => {
    const found = await look({
      rates: [
        [1, 231],
        [2, 345],
        [4, 448],
        [8, 460],
      ],
    });
    assert.deepEqual(found.devices, { 'gpu:0': 4, 'gpu:1': 4, cpu: 0 });
    assert.match(
      found.said,
      /^Computes on NVIDIA H100 80GB HBM3 \(gpu:0\), 4 slots\. 4 workers get 448 steps/,
    );
    assert.equal(found.kind, 'gpu');
    assert.match(found.slots, /^gpu:0:0 gpu:0:1 gpu:0:2 gpu:0:3 gpu:1:0/);
  });

  test('takes one slot a card where nothing was measured, and where CUDA MPS is not to be had', async () => {
    const unmeasured = await look({});
    assert.deepEqual(unmeasured.devices, { 'gpu:0': 1, 'gpu:1': 1, cpu: 0 });
    assert.match(unmeasured.said, /1 slot\. Not measured on this card yet/);
    assert.ok(!unmeasured.daemon, 'one slot a card needs no daemon');
    const alone = await look({
      mps: false,
      rates: [
        [1, 231],
        [2, 345],
      ],
    });
    assert.deepEqual(alone.devices, { 'gpu:0': 1, 'gpu:1': 1, cpu: 0 });
    assert.match(alone.said, /does not start: Cannot find MPS .*each card has one slot/);
  });

  test('has the slots that ktg engine measure finds', async () => {
    const workers = mkdtempSync(join(folder, 'workers-'));
    process.env.KTG_TEST_WORKERS = workers;
    const program = fileURLToPath(new URL('../workers/measure-impostor.ts', import.meta.url));
    let measured: number | undefined;
    const unmeasured = await look({
      meanwhile: async () => {
        assert.equal(await measureCards({}, program), 0);
        const kept = readMeasurement(measurementFile(CARD));
        measured = chooseSlots(kept, { memory: 80e9, driver: '580.1' }).slots;
        const lab = await openLab(IN_MEMORY);
        assert.deepEqual(
          (await lab.request('devices.list', {})).map(({ slots }) => slots),
          [4, 4, 0],
        );
        await lab.close();
      },
    });
    delete process.env.KTG_TEST_WORKERS;
    assert.deepEqual([unmeasured.devices['gpu:0'], measured], [1, 4], 'from the next opening on');
  });

  test('measures no card that cannot compute', async () => {
    await look({
      library: false,
      meanwhile: async () => {
        await assert.rejects(measureCards({}), {
          code: 'devices.cannot-compute',
          message: /H100.*cannot be measured: .*is not installed/,
        });
      },
    });
  });

  test('computes on them once the library for them is installed, and says so', async () => {
    const told: (string | undefined)[] = [];
    const { devices, kind } = await look({
      library: false,
      meanwhile: async (lab, bringLibrary) => {
        assert.equal((await lab.request('devices.list', {}))[0]!.maximumSlots, 0);
        bringLibrary();
        const usable = new Promise<void>((resolve) => {
          lab.subscribe(['engine'], (event) => {
            if (event.type !== 'engine') return;
            told.push(event.engine.kind);
            if (event.engine.kind === 'gpu') resolve();
          });
        });
        await lab.request('engine.install', { kind: 'gpu' });
        await usable;
      },
    });
    assert.deepEqual(devices, { 'gpu:0': 1, 'gpu:1': 1, cpu: 0 });
    assert.deepEqual([kind, told.at(-1)], ['gpu', 'gpu']);
  });

  test('leaves them alone with the portable engine, and takes them up again', async () => {
    const choose = async (
      lab: Lab,
      engine: 'portable' | 'auto',
    ): Promise<Record<string, number>> => {
      await lab.request('settings.set', { engine });
      let devices = await lab.request('devices.list', {});
      for (
        const wanted = engine === 'portable';
        (devices[0]!.slots === 0) !== wanted;
        devices = await lab.request('devices.list', {})
      )
        await new Promise((resolve) => setTimeout(resolve, 5));
      return Object.fromEntries(devices.map(({ name, slots }) => [name, slots]));
    };
    const { devices } = await look({
      meanwhile: async (lab) => {
        const { cpu, ...cards } = await choose(lab, 'portable');
        assert.deepEqual(cards, { 'gpu:0': 0, 'gpu:1': 0 });
        assert.ok(cpu! >= 1);
        await assert.rejects(lab.request('slots.set', { device: 'gpu:0', slots: 1 }), {
          next: /portable engine is selected/,
        });
        await choose(lab, 'auto');
      },
    });
    assert.deepEqual(devices, { 'gpu:0': 1, 'gpu:1': 1, cpu: 0 });
  });

  test('computes on the processor where something is in the way of the cards, and says what', async () => {
    const cases: [Machine, RegExp][] = [
      [{ library: false }, /gpu\) is not installed\. Run: ktg engine install gpu/],
      [{ driver: '470.57' }, /The driver is 470\.57; CUDA 12 needs 525/],
      [{ cuda: ['libcudart.so.12'] }, /libcudnn\.so\.9/],
    ];
    for (const [machine, reason] of cases) {
      const { devices, said, kind } = await look(machine);
      assert.deepEqual([devices['gpu:0'], devices['gpu:1']], [0, 0]);
      assert.ok(devices.cpu! >= 1);
      assert.match(said, /^Not on NVIDIA H100 80GB HBM3 \(gpu:0\)\./);
      assert.match(said, reason);
      assert.match(said, /\nComputes on .*\(cpu\)/);
      assert.notEqual(kind, 'gpu', 'the banner does not name a card that computes nothing');
    }
  });

  test('one card that is too old leaves the other alone', async () => {
    const { devices, said } = await look({ capabilities: ['5.0', '9.0'] });
    assert.deepEqual(devices, { 'gpu:0': 0, 'gpu:1': 1, cpu: 0 });
    assert.match(said, /^Not on .*\(gpu:0\)\..*5\.0.*\nComputes on .*\(gpu:1\)/);
  });

  test('says why no card is there when the library for cards is', async () => {
    const { devices, said } = await look({
      mute: 'Failed to initialize NVML: Driver/library version mismatch',
    });
    assert.deepEqual(Object.keys(devices), ['cpu']);
    assert.match(said, /^Computes on .*\(cpu\).*nvidia-smi says: .*version mismatch.*restart/);
    assert.doesNotMatch((await look({ mute: 'no', library: false })).said, /nvidia-smi/);
  });
});
