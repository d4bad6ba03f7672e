import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { nextOf } from '../../core/base/command-words.ts';
import { ownLibraries } from '../../core/engine/tensorflow/binding.ts';
import { cudaLibraries } from '../../core/install/cuda-libraries.ts';
import { type CudaProbe, diagnose, older, problemsOf } from '../../core/devices/cuda-diagnosis.ts';
import {
  cardSeen,
  cardWords,
  parseCapabilities,
  parseDriver,
  parseLoaderCache,
  probeCuda,
  systemLibraries,
} from '../../core/devices/cuda-probe.ts';

const all = cudaLibraries.map(({ soname }) => soname);
const good: CudaProbe = {
  platform: 'linux-x64',
  driver: '555.42.06',
  answer: '',
  driverLibrary: true,
  cards: [{ uuid: 'GPU-6f3c', title: 'NVIDIA H100', capability: '9.0' }],
  libraries: all,
  engine: 'ready',
};
const a100 = { uuid: 'GPU-a01b', title: 'NVIDIA A100', capability: '8.0' };
const codes = (probe: Partial<CudaProbe>): string[] =>
  diagnose({ ...good, ...probe }).map(({ code }) => code);
const first = (probe: Partial<CudaProbe>): string => {
  const [problem] = diagnose({ ...good, ...probe });
  assert.ok(problem && problem.steps.length > 0);
  return `${problem.found} ${nextOf(problem.steps)}`;
};

describe('problems of TensorFlow with a card', () => {
  test('none when everything is installed', () => {
    assert.deepEqual(diagnose(good), []);
    assert.deepEqual(codes({ driver: '525.60.13', cards: [a100] }), []);
  });
  test('another system, no driver, no card: only the cause is reported', () => {
    assert.deepEqual(codes({ platform: 'darwin-arm64' }), ['cuda.platform']);
    assert.deepEqual(codes({ driver: null, cards: [], libraries: [] }), ['cuda.no-driver']);
    assert.deepEqual(codes({ cards: [], libraries: [] }), ['cuda.no-card']);
  });
  test('a driver that does not answer: with the reason if known', () => {
    const none = { driver: null, cards: [] };
    assert.match(
      first({ ...none, answer: 'Driver/library version mismatch' }),
      /says: Driver\/library version mismatch.*restart/,
    );
    assert.match(first(none), /libcuda\.so\.1.*NVIDIA_DRIVER_CAPABILITIES=compute,utility/);
    assert.match(first({ ...none, driverLibrary: false }), /Install NVIDIA's driver/);
  });
  test('an old driver is reported with the needed version', () => {
    assert.deepEqual(codes({ driver: '470.256.02' }), ['cuda.driver-too-old']);
    assert.match(first({ driver: '525.60.12' }), /525\.60\.12.*525\.60\.13/);
    assert.match(
      first({ driver: '550.54.15' }),
      /550\.54\.15.*H100.*555\.42/,
      'it cannot translate PTX 8.5',
    );
  });
  test('an old card', () => {
    assert.match(
      first({ cards: [{ uuid: 'GPU-k80', title: 'Tesla K80', capability: '3.7' }] }),
      /Tesla K80.*3\.7.*6\.0/,
    );
  });
  test('no library of TensorFlow itself', () => {
    assert.deepEqual(codes({ engine: 'missing' }), ['cuda.engine-missing']);
  });
  test('each missing library by name', () => {
    for (const { soname } of cudaLibraries) {
      const libraries = all.filter((name) => name !== soname);
      assert.deepEqual(codes({ libraries }), [
        soname.startsWith('libcudnn') ? 'cuda.no-cudnn' : 'cuda.missing-libraries',
      ]);
      assert.ok(first({ libraries }).includes(soname));
    }
  });
  test('full names of libraries count too', () => {
    assert.deepEqual(codes({ libraries: all.map((name) => `${name}.1.2`) }), []);
  });
  test('only CUDA 13: reported, and it may stay', () => {
    const libraries = all.map((name) => name.replace('.so.12', '.so.13'));
    assert.deepEqual(codes({ libraries }), ['cuda.other-version']);
    assert.match(first({ libraries }), /libcublas\.so\.13.*libcublas\.so\.12.*CUDA 13 stays/);
  });
  test('cuDNN 8 instead of 9', () => {
    const libraries = all.map((name) => name.replace('cudnn.so.9', 'cudnn.so.8'));
    assert.match(first({ libraries }), /libcudnn\.so\.8 is installed.*libcudnn\.so\.9/);
  });
  test('an RTX 50 is too new for this library, whatever its driver and CUDA', () => {
    const cards = [{ uuid: 'GPU-5090', title: 'NVIDIA GeForce RTX 5090', capability: '12.0' }];
    for (const driver of ['550.54.15', '575.51.03'])
      assert.deepEqual(codes({ cards, driver }), ['cuda.build-too-old']);
    assert.match(first({ cards }), /RTX 5090.*12\.0.*CUDA 12\.5.*CUDA 12\.8/);
  });
  test('the problem of one card does not affect another', () => {
    const old = { uuid: 'GPU-k2200', title: 'Quadro K2200', capability: '5.0' };
    const problems = diagnose({ ...good, cards: [old, a100] });
    assert.deepEqual(problemsOf(problems, 'GPU-a01b'), []);
    assert.deepEqual(
      problemsOf(problems, 'GPU-k2200').map(({ code }) => code),
      ['cuda.card-too-old'],
    );
    const all = diagnose({ ...good, cards: [old, a100], engine: 'missing' });
    assert.deepEqual(
      problemsOf(all, 'GPU-a01b').map(({ code }) => code),
      ['cuda.engine-missing'],
    );
  });
  test('versions are compared number by number', () => {
    assert.ok(
      older('9.9', '10.0') && older('12', '12.8') && !older('12.10', '12.8') && !older('1', '1.0'),
    );
  });
});

describe('looking for driver and libraries', () => {
  test('outputs of nvidia-smi and ldconfig are parsed', () => {
    assert.deepEqual(parseDriver('535.104.05, 0, GPU-6f3c, NVIDIA H100 80GB HBM3\n'), {
      driver: '535.104.05',
      cards: [{ index: 0, uuid: 'GPU-6f3c', title: 'NVIDIA H100 80GB HBM3' }],
    });
    for (const text of ['', "NVIDIA-SMI has failed because it couldn't communicate"])
      assert.deepEqual(parseDriver(text), { driver: null, cards: [] });
    assert.deepEqual(
      [...parseCapabilities('GPU-6f3c, 9.0\nGPU-a01b, [N/A]\n')],
      [['GPU-6f3c', '9.0']],
    );
    assert.equal(parseCapabilities('Field "compute_cap" is not a valid field to query.').size, 0);
    const cache =
      '\tlibcudnn.so.9 (libc6,x86-64) => /usr/lib/libcudnn.so.9\n\tlibc.so.6 (libc6) => /lib/libc.so.6';
    assert.deepEqual(parseLoaderCache(cache), ['libcudnn.so.9']);
  });
  test('libraries that did not come with the engine, with their whole versions', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ktg-cuda-'));
    try {
      const own = join(folder, 'cuda');
      mkdirSync(own);
      for (const name of all.filter((each) => each !== 'libcudnn.so.9'))
        writeFileSync(join(own, name), '');
      writeFileSync(join(folder, 'libcudnn.so.9.8.0'), '');
      symlinkSync('libcudnn.so.9.8.0', join(folder, 'libcudnn.so.9'));
      assert.deepEqual(systemLibraries(folder, { LD_LIBRARY_PATH: `/not/there:${folder}` }), [
        'libcudnn.so.9.8.0',
      ]);
      writeFileSync(join(own, 'libcudnn.so.9'), '');
      assert.deepEqual(systemLibraries(folder, {}), []);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
  test("CUDA's own libraries are opened with all parts of cuDNN, each after those that it needs", () => {
    const folder = mkdtempSync(join(tmpdir(), 'ktg-cuda-'));
    try {
      mkdirSync(join(folder, 'cuda'));
      for (const name of [
        'libcudnn_ops.so.9',
        'libcudnn_graph.so.9',
        'libcudnn.so.9',
        'libcudart.so.12',
      ])
        writeFileSync(join(folder, 'cuda', name), '');
      assert.deepEqual(
        ownLibraries(folder),
        ['libcudart.so.12', 'libcudnn.so.9', 'libcudnn_graph.so.9', 'libcudnn_ops.so.9'].map(
          (name) => join('cuda', name),
        ),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
  test('the card that a process sees', () => {
    const bin = mkdtempSync(join(tmpdir(), 'ktg-cuda-'));
    const before = process.env.PATH;
    try {
      const parts =
        'GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-77de)\n  MIG 1g.10gb     Device  0: (UUID: MIG-c6d4)';
      writeFileSync(
        join(bin, 'nvidia-smi'),
        `#!/bin/sh\nif [ "$1" = -L ]; then echo "${parts}"; elif [ "$4" = GPU-77de ]; then echo "1, 9.0, 580.1, NVIDIA H100 80GB HBM3"; fi\n`,
        { mode: 0o755 },
      );
      process.env.PATH = `${bin}:/bin`;
      const card = cardSeen('GPU-77de');
      assert.deepEqual(card, {
        index: '1',
        capability: '9.0',
        driver: '580.1',
        title: 'NVIDIA H100 80GB HBM3',
      });
      assert.equal(cardWords(card), 'GPU 1, NVIDIA H100 80GB HBM3');
      assert.deepEqual(cardSeen('MIG-c6d4'), {
        ...card,
        title: 'NVIDIA H100 80GB HBM3, MIG 1g.10gb',
      });
      assert.equal(cardWords(cardSeen('MIG-77de')), 'GPU', 'one that nvidia-smi does not list');
    } finally {
      process.env.PATH = before;
      rmSync(bin, { recursive: true });
    }
  });
  test('an old driver that does not know compute_cap is still an old driver; hidden cards are not asked about', () => {
    const bin = mkdtempSync(join(tmpdir(), 'ktg-cuda-'));
    const before = process.env.PATH;
    try {
      writeFileSync(
        join(bin, 'nvidia-smi'),
        `#!/bin/sh
case "$1" in *compute_cap*) echo 'Field "compute_cap" is not a valid field to query.'; exit 2;; esac
echo "470.182.03, 0, GPU-1, Tesla V100"; echo "470.182.03, 1, GPU-2, Quadro K2200"`,
        { mode: 0o755 },
      );
      process.env.PATH = `${bin}:/bin`;
      const probe = probeCuda({});
      assert.deepEqual(
        [probe.driver, probe.cards.length, probe.cards[0]!.capability],
        ['470.182.03', 2, null],
      );
      assert.equal(
        diagnose({ ...good, driver: probe.driver, cards: probe.cards })[0]!.code,
        'cuda.driver-too-old',
      );
      assert.deepEqual(
        probeCuda({ CUDA_VISIBLE_DEVICES: '1' }).cards.map(({ uuid }) => uuid),
        ['GPU-2'],
      );
      writeFileSync(
        join(bin, 'nvidia-smi'),
        '#!/bin/sh\necho "Failed to initialize NVML: Driver/library version mismatch"\nexit 18',
        { mode: 0o755 },
      );
      assert.match(probeCuda({}).answer, /version mismatch/);
    } finally {
      process.env.PATH = before;
      rmSync(bin, { recursive: true });
    }
  });
  test('a doctored folder in LD_LIBRARY_PATH', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ktg-cuda-'));
    try {
      for (const name of ['libcudart.so.99', 'libcublas.so.12.4.5', 'notes.txt'])
        writeFileSync(join(folder, name), '');
      const { libraries } = probeCuda({ LD_LIBRARY_PATH: `${folder}:/not/there` });
      assert.deepEqual(
        libraries.filter((name) => /cudart.so.99|cublas.so.12.4.5|notes/.test(name)).sort(),
        ['libcublas.so.12.4.5', 'libcudart.so.99'],
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
