import assert from 'node:assert/strict';
import { copyFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { dataHome } from '../../core/base/data-home.ts';
import { findOfficial } from '../../core/data/official.ts';
import { openDataset } from '../../core/data/resolve.ts';
import { cifar100 } from '../../core/data/sets/cifar-100.ts';
import { temporaryFolder } from './support.ts';

const REAL = join(import.meta.dirname, '../fixtures/data/cifar-100-part.tar.gz');

describe('openDataset', () => {
  test('synthetic, with and without options', async () => {
    const dataset = await openDataset('synthetic:seed=3,train=30,test=20,classes=4');
    assert.deepEqual(
      [dataset.name, dataset.trainCount, dataset.testCount, dataset.classes],
      ['synthetic', 30, 20, 4],
    );
    assert.match(dataset.source, /seed 3/);
    const whole = await openDataset('synthetic');
    assert.deepEqual([whole.trainCount, whole.testCount, whole.classes], [5000, 1000, 10]);
  });

  test('options that are none are named', async () => {
    for (const spec of [
      'synthetic:sede=3',
      'synthetic:seed',
      'synthetic:train=-5',
      'synthetic:train=1e3',
    ])
      await assert.rejects(openDataset(spec), {
        code: 'data.synthetic-option',
        message: new RegExp(`"${spec.slice(10)}" is not an option`),
      });
    await assert.rejects(openDataset('synthetic:classes=99'), { code: 'data.synthetic-option' });
  });

  test('a path', async () => {
    assert.equal((await openDataset(REAL)).trainCount, 500);
    await assert.rejects(openDataset('cifar1000'), { code: 'data.not-found' });
  });

  test('an official name looks into the data folder', async (t) => {
    const folder = await temporaryFolder(t);
    assert.equal(await findOfficial(cifar100, folder), undefined);
    await assert.rejects(openDataset('cifar100', { folder, download: false }), {
      code: 'data.not-downloaded',
      next: /--data PATH/,
    });
    const path = join(folder, 'cifar-100-binary.tar.gz');
    await copyFile(REAL, path);
    assert.equal(await findOfficial(cifar100, folder), path);
  });

  test('under an official name a part of the set is not taken for the whole', async (t) => {
    const folder = await temporaryFolder(t);
    await copyFile(REAL, join(folder, 'cifar-100-binary.tar.gz'));
    await assert.rejects(openDataset('cifar100', { folder }), {
      code: 'data.incomplete',
      message: /holds 500 \+ 200 images of CIFAR-100, expected 50000 \+ 10000/,
    });
    const { trainCount, testCount } = cifar100.size;
    assert.deepEqual([trainCount, testCount], [50_000, 10_000]);
  });

  test('a damaged archive in the data folder is said, not downloaded over', async (t) => {
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, 'cifar-10-binary.tar.gz'), 'x');
    await assert.rejects(openDataset('cifar10', { folder }), { code: 'data.not-an-archive' });
  });
});

test('dataHome: KTG_DATA, else KTG_HOME, else the platform', () => {
  assert.equal(dataHome({ KTG_DATA: '/d', KTG_HOME: '/h' }), '/d');
  assert.equal(dataHome({ KTG_HOME: '/h' }), join('/h', 'data'));
  assert.equal(dataHome({ XDG_DATA_HOME: '/x' }, 'linux'), join('/x', 'ktg-lab', 'data'));
  assert.equal(dataHome({}, 'linux'), join(homedir(), '.local/share/ktg-lab/data'));
  assert.equal(dataHome({}, 'darwin'), join(homedir(), 'Library/Application Support/ktg-lab/data'));
  assert.equal(dataHome({ LOCALAPPDATA: '/l' }, 'win32'), join('/l', 'ktg-lab', 'data'));
});
