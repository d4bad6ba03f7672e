import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { sources } from '../../core/data/sets/sets.ts';
import type { DataSetView, LabApi } from '../../core/lab/api.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import type { Store } from '../../core/store/store.ts';
import { quickLook } from '../../core/study/presets.ts';
import { temporaryFolder } from '../data/support.ts';
import { scriptedLab } from './support.ts';

const PART = join(import.meta.dirname, '../fixtures/data/cifar-100-part.tar.gz');

async function labIn(
  t: TestContext,
  store: Store = openMemoryStore(),
): Promise<{ api: LabApi; folder: string }> {
  const lab = scriptedLab({}, store);
  t.after(async () => lab.close());
  const folder = await temporaryFolder(t);
  await lab.request('settings.set', { dataFolder: folder });
  return { api: lab, folder };
}

const viewOf = async (api: LabApi, name: string): Promise<DataSetView> => {
  const found = (await api.request('data.list', {})).find((view) => view.name === name);
  assert.ok(found, name);
  return found;
};

describe('the list of data sets', () => {
  test('holds every source with its size and class names', async (t) => {
    const { api } = await labIn(t);
    const views = await api.request('data.list', {});
    assert.deepEqual(
      views.map(({ name, kind, title }) => ({ name, kind, title })),
      sources.map(({ name, kind, title }) => ({ name, kind, title })),
    );
    for (const [i, view] of views.entries()) {
      const source = sources[i]!;
      const { trainCount, testCount, classes, side } = view;
      const size = source.kind === 'built-in' ? source.size('') : source.size;
      assert.deepEqual({ trainCount, testCount, classes, side }, size);
      const named = source.kind === 'built-in' || source.format !== null;
      assert.equal(view.classNames?.length, named ? classes : undefined);
      assert.equal(view.state, view.kind === 'official' ? 'missing' : 'ready');
      assert.equal(view.downloadBytes !== null, view.kind === 'official');
    }
    assert.equal((await viewOf(api, 'cifar100')).downloadBytes, 168_513_733);
  });

  test('a set of several files is ready when all are there; removing it removes them', async (t) => {
    const { api, folder } = await labIn(t);
    const own = join(folder, 'fashion-mnist');
    await mkdir(own);
    const parts = ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3'];
    for (const part of parts) await writeFile(join(own, `${part}-ubyte.gz`), 'x');
    assert.equal((await viewOf(api, 'fashion-mnist')).state, 'missing');
    await writeFile(join(own, 't10k-labels-idx1-ubyte.gz'), 'xyz');
    const { state, bytes, source } = await viewOf(api, 'fashion-mnist');
    assert.deepEqual([state, bytes, source], ['ready', 6, own]);
    await api.request('data.remove', { data: 'fashion-mnist' });
    assert.deepEqual(await readdir(own), []);
    assert.equal((await viewOf(api, 'fashion-mnist')).state, 'missing');
  });

  test('an added archive keeps its size and class names in the lab', async (t) => {
    const { api } = await labIn(t);
    await api.request('data.add', { file: { path: PART } });
    const { kind, side, classes, classNames, trainCount } = await viewOf(api, PART);
    assert.deepEqual([kind, side, classes, trainCount], ['added', 32, 100, 500]);
    assert.equal(classNames?.[0], 'apple');
  });

  test('one that an older lab has noted has the size of its format', async (t) => {
    const store = openMemoryStore();
    const noted = {
      path: PART,
      title: 'CIFAR-100 from part.tar.gz',
      trainCount: 500,
      testCount: 200,
      classes: 100,
      identity: 'cifar100:7c6caef403010a917df4e03b',
      bytes: 1,
    };
    store.setSetting('data-sets', [noted]);
    const { api } = await labIn(t, store);
    const { side, classNames } = await viewOf(api, PART);
    assert.deepEqual([side, classNames], [32, null]);
  });
});

describe('a plan whose networks do not fit the size of the images', () => {
  const plan = quickLook(1);
  const planOn = (side: number) => ({
    ...plan,
    training: { ...plan.training, data: `synthetic:train=100,test=20,side=${side}` },
  });

  test('is refused before anything is trained', async (t) => {
    const { api } = await labIn(t);
    const { problems, expectedTime } = await api.request('studies.preview', { plan: planOn(18) });
    assert.deepEqual([problems.map(({ code }) => code), expectedTime], [['model.side'], null]);
    assert.match(problems[0]!.message, /18 x 18 pixels do not fit ResNet8/);
    await assert.rejects(
      api.request('studies.create', { name: 'odd', plan: planOn(18), start: false }),
      { code: 'model.side' },
    );
    assert.deepEqual(await api.request('studies.list', {}), []);
  });

  test('one that fits is accepted', async (t) => {
    const { api } = await labIn(t);
    const { problems } = await api.request('studies.preview', { plan: planOn(20) });
    assert.deepEqual(problems, []);
  });
});

describe('samples', () => {
  test('are pictures of the size of the set, named by their classes', async (t) => {
    const { api } = await labIn(t);
    const data = 'synthetic:train=12,test=2,classes=3,side=20';
    const samples = await api.request('data.samples', { data, count: 4 });
    assert.equal(samples.length, 4);
    for (const { label, image } of samples) {
      const png = Buffer.from(image.slice(image.indexOf(',') + 1), 'base64');
      // the header chunk begins at byte 8: length, name, width, height
      assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [20, 20]);
      assert.match(label, /^striped /);
    }
  });
});
