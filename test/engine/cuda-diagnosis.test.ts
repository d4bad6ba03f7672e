import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { cudaLibraries } from '../../core/engine/tensorflow/cuda.ts';
import { type CudaProbe, diagnose, older } from '../../core/engine/tensorflow/cuda-diagnosis.ts';
import {
  cardSeen,
  cardWords,
  parseDriver,
  parseLoaderCache,
  probeCuda,
  systemLibraries,
} from '../../core/engine/tensorflow/cuda-probe.ts';

const all = cudaLibraries.map(({ soname }) => soname);
const good: CudaProbe = {
  platform: 'linux-x64',
  driver: '550.54.15',
  cards: [{ title: 'NVIDIA H100', capability: '9.0' }],
  libraries: all,
  engine: 'ready',
};
const codes = (probe: Partial<CudaProbe>): string[] =>
  diagnose({ ...good, ...probe }).map(({ code }) => code);
const first = (probe: Partial<CudaProbe>): string => {
  const [problem] = diagnose({ ...good, ...probe });
  assert.ok(problem && problem.next !== '');
  return `${problem.found} ${problem.next}`;
};

describe('what keeps TensorFlow from a card', () => {
  test('nothing, where all is there', () => {
    assert.deepEqual(diagnose(good), []);
    assert.deepEqual(codes({ driver: '525.60.13' }), []);
  });
  test('another system, no driver, no card: one cause, not its consequences', () => {
    assert.deepEqual(codes({ platform: 'darwin-arm64' }), ['cuda.platform']);
    assert.deepEqual(codes({ driver: null, cards: [], libraries: [] }), ['cuda.no-driver']);
    assert.deepEqual(codes({ cards: [], libraries: [] }), ['cuda.no-card']);
  });
  test('an old driver is named with the one that is needed', () => {
    assert.deepEqual(codes({ driver: '470.256.02' }), ['cuda.driver-too-old']);
    assert.match(first({ driver: '525.60.12' }), /525\.60\.12.*525\.60\.13/);
  });
  test('an old card', () => {
    assert.match(first({ cards: [{ title: 'Tesla K80', capability: '3.7' }] }), /Tesla K80.*3\.7.*6\.0/);
  });
  test('no library of TensorFlow itself', () => {
    assert.deepEqual(codes({ engine: 'missing' }), ['cuda.engine-missing']);
  });
  test('each missing library by name', () => {
    for (const { soname } of cudaLibraries) {
      const libraries = all.filter((name) => name !== soname);
      assert.deepEqual(codes({ libraries }), [soname.startsWith('libcudnn') ? 'cuda.no-cudnn' : 'cuda.missing-libraries']); // prettier-ignore
      assert.ok(first({ libraries }).includes(soname));
    }
  });
  test('a full name serves as well as the short one', () => {
    assert.deepEqual(codes({ libraries: all.map((name) => `${name}.1.2`) }), []);
  });
  test('CUDA 13 alone: its names, and that it may stay', () => {
    const libraries = all.map((name) => name.replace('.so.12', '.so.13'));
    assert.deepEqual(codes({ libraries }), ['cuda.other-version']);
    assert.match(first({ libraries }), /libcublas\.so\.13.*libcublas\.so\.12.*CUDA 13 stays/);
  });
  test('cuDNN 8 instead of 9', () => {
    const libraries = all.map((name) => name.replace('cudnn.so.9', 'cudnn.so.8'));
    assert.match(first({ libraries }), /libcudnn\.so\.8 is here.*libcudnn\.so\.9/);
  });
  test('an RTX 50 needs newer libraries and a newer driver', () => {
    const cards = [{ title: 'NVIDIA GeForce RTX 5090', capability: '12.0' }];
    assert.match(first({ cards }), /550\.54\.15.*RTX 5090.*570\.26/);
    const driver = '575.51.03';
    const libraries = [...all, 'libcudart.so.12.4.127'];
    assert.deepEqual(codes({ cards, driver, libraries }), ['cuda.build-too-old']);
    assert.match(first({ cards, driver, libraries }), /12\.4\.127.*RTX 5090.*12\.8/);
    assert.deepEqual(codes({ cards, driver, libraries: [...all, 'libcudart.so.12.9.79'] }), []);
  });
  test('versions are compared number by number', () => {
    assert.ok(older('9.9', '10.0') && older('12', '12.8') && !older('12.10', '12.8') && !older('1', '1.0'));
  });
});

describe('looking for driver and libraries', () => {
  test('the words of nvidia-smi and ldconfig', () => {
    assert.deepEqual(parseDriver('535.104.05, 9.0, NVIDIA H100 80GB HBM3\n'), {
      driver: '535.104.05',
      cards: [{ title: 'NVIDIA H100 80GB HBM3', capability: '9.0' }],
    });
    assert.deepEqual(parseDriver('470.1, [N/A], Tesla K80').cards, [
      { title: 'Tesla K80', capability: null },
    ]);
    for (const text of [null, '', "NVIDIA-SMI has failed because it couldn't communicate"])
      assert.deepEqual(parseDriver(text), { driver: null, cards: [] });
    const cache =
      '\tlibcudnn.so.9 (libc6,x86-64) => /usr/lib/libcudnn.so.9\n\tlibc.so.6 (libc6) => /lib/libc.so.6';
    assert.deepEqual(parseLoaderCache(cache), ['libcudnn.so.9']);
  });
  test('libraries that did not come with the engine, with their whole versions', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ktg-cuda-'));
    try {
      const own = join(folder, 'cuda');
      mkdirSync(own);
      for (const name of all.filter((each) => each !== 'libcudnn.so.9')) writeFileSync(join(own, name), '');
      writeFileSync(join(folder, 'libcudnn.so.9.8.0'), '');
      symlinkSync('libcudnn.so.9.8.0', join(folder, 'libcudnn.so.9'));
      assert.deepEqual(systemLibraries(folder, { LD_LIBRARY_PATH: `/not/there:${folder}` }), ['libcudnn.so.9.8.0']); // prettier-ignore
      writeFileSync(join(own, 'libcudnn.so.9'), '');
      assert.deepEqual(systemLibraries(folder, {}), []);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
  test('the card that a process sees', () => {
    const bin = mkdtempSync(join(tmpdir(), 'ktg-cuda-'));
    const before = process.env.PATH;
    try {
      writeFileSync(join(bin, 'nvidia-smi'), '#!/bin/sh\n[ "$4" = GPU-77de ] && echo "1, 9.0, 580.1, NVIDIA H100 80GB HBM3"\n', { mode: 0o755 }); // prettier-ignore
      process.env.PATH = `${bin}:/bin`;
      const card = cardSeen('GPU-77de');
      assert.deepEqual(card, { index: '1', capability: '9.0', driver: '580.1', title: 'NVIDIA H100 80GB HBM3' }); // prettier-ignore
      assert.equal(cardWords(card), 'GPU 1, NVIDIA H100 80GB HBM3');
      assert.equal(cardWords(cardSeen('MIG-c6d4')), 'GPU', 'one that nvidia-smi does not list');
    } finally {
      process.env.PATH = before;
      rmSync(bin, { recursive: true });
    }
  });
  test('a doctored folder in LD_LIBRARY_PATH', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ktg-cuda-'));
    try {
      for (const name of ['libcudart.so.99', 'libcublas.so.12.4.5', 'notes.txt']) writeFileSync(join(folder, name), ''); // prettier-ignore
      const { libraries } = probeCuda({ LD_LIBRARY_PATH: `${folder}:/not/there` });
      assert.deepEqual(libraries.filter((name) => /cudart.so.99|cublas.so.12.4.5|notes/.test(name)).sort(), ['libcublas.so.12.4.5', 'libcudart.so.99']); // prettier-ignore
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
