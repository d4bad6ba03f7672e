import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { create } from 'tar';
import { decodedFolder } from '../../core/data/images/cache-index.ts';
import { tinyImageNet } from '../../core/data/sets/tiny-imagenet.ts';
import { imagesAt, keptOfficial } from '../../core/lab/sent-images.ts';
import type { DataSetView, LabApi, LabEvent } from '../../core/lab/api.ts';
import type { StudyPlan, TrainingPlan } from '../../core/study/plan.ts';
import { quickLook } from '../../core/study/presets.ts';
import { recipeFor } from '../../core/study/recipe.ts';
import { halves, photographs, put } from '../data/photographs.ts';
import { temporaryFolder } from '../data/support.ts';
import { zipOf } from '../train/torch-files.ts';
import { scriptedLab } from './support.ts';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/torch/${name}`, import.meta.url));

async function labIn(t: TestContext): Promise<{ api: LabApi; folder: string }> {
  const lab = scriptedLab();
  t.after(async () => lab.close());
  const folder = await temporaryFolder(t);
  await lab.request('settings.set', { dataFolder: join(folder, 'data'), engine: 'portable' });
  return { api: lab, folder };
}

test('a folder of images is added with its classes, counts and the files left out', async (t) => {
  const { api, folder } = await labIn(t);
  const photos = join(folder, 'photos');
  await photographs(photos, 5);
  put(photos, 'blue/broken.jpg', 'no image');
  const progress: LabEvent[] = [];
  api.subscribe(['data'], (event) => progress.push(event));
  const view = await api.request('data.add', { file: { path: photos }, side: 32 });
  assert.deepEqual(
    [view.title, view.kind, view.state, view.side, view.trainCount, view.testCount],
    ['photos, 32 px', 'added', 'ready', 32, 12, 3],
  );
  assert.deepEqual(view.classNames, ['blue', 'green-red', 'red-green']);
  assert.deepEqual(view.classCounts, [5, 5, 5]);
  assert.equal(view.leftOut?.files[0]?.file, 'blue/broken.jpg');
  assert.ok(
    progress.some((event) => event.type === 'data-decoding' && event.decoding.total === 16),
  );
  const [sample] = await api.request('data.samples', { data: view.name, count: 2 });
  assert.ok(view.classNames.includes(sample!.label));
  await assert.rejects(
    api.request('data.add', { file: { path: photos }, side: 32, bad: 'refuse' }),
    { code: 'data.bad-images', message: /broken\.jpg/ },
  );
});

test('an archive that understates the size of a file is added without it', async (t) => {
  const { api, folder } = await labIn(t);
  const image = await halves(20, 16, [
    [90, 90, 90],
    [160, 160, 160],
  ]);
  const zeros = { data: deflateRawSync(Buffer.alloc(200 << 20)), method: 8, size: 1000 };
  const entries = [
    { name: 'train/a/1.jpg', data: image },
    { name: 'train/b/1.jpg', data: image },
    { ...zeros, name: 'train/a/zeros.jpg' },
  ];
  put(folder, 'set.zip', zipOf(entries));
  const view = await api.request('data.add', { file: { path: join(folder, 'set.zip') } });
  assert.deepEqual([view.state, view.leftOut?.count], ['ready', 1]);
  assert.match(view.leftOut!.files[0]!.why, /another size than the 1000 bytes/);
  assert.equal((await api.request('data.samples', { data: view.name, count: 2 })).length, 2);
});

function planOn(
  data: string,
  batch: number,
  protocol: TrainingPlan['protocol'] = 'held-out',
): StudyPlan {
  const plan = quickLook(1);
  const recipe = { ...plan.training.recipe, batch };
  return { ...plan, training: { ...plan.training, data, protocol, recipe } };
}

const decodedNames = (folder: string): string[] =>
  existsSync(decodedFolder(folder)) ? readdirSync(decodedFolder(folder)) : [];

test('decoded images leave with their set, unless another one or a study needs them', async (t) => {
  const { api, folder } = await labIn(t);
  const home = join(folder, 'data');
  const photos = join(folder, 'photos');
  await photographs(photos, 5);
  const add = async (side: 32 | 64, bad: 'skip' | 'refuse' = 'skip') =>
    api.request('data.add', { file: { path: photos }, side, bad });
  const [small, strict, large] = [await add(32), await add(32, 'refuse'), await add(64)];
  assert.equal(decodedNames(home).length, 4, 'two sizes, pixels and index');
  const { bytes } = await api.request('data.decoded', {});
  assert.deepEqual(await api.request('data.clean', {}), { bytes, unneededBytes: 0 });
  await api.request('data.remove', { data: small.name });
  assert.equal(decodedNames(home).length, 4, 'the strict set needs them');
  await api.request('data.remove', { data: strict.name });
  assert.equal(decodedNames(home).length, 2);

  const plan = planOn(large.name, 8);
  const { study } = await api.request('studies.create', { name: 'On photos', plan, start: false });
  await api.request('data.remove', { data: large.name });
  assert.equal(decodedNames(home).length, 2, 'the study needs them');
  assert.equal((await api.request('data.decoded', {})).unneededBytes, 0);
  await api.request('studies.remove', { study: study.id });
  const left = await api.request('data.decoded', {});
  assert.ok(left.bytes > 15 * 64 * 64 * 3);
  assert.equal(left.unneededBytes, left.bytes);
  assert.deepEqual(await api.request('data.clean', {}), { bytes: 0, unneededBytes: 0 });
  assert.deepEqual(decodedNames(home), []);
});

test('a plan with more images in a batch than it trains on is refused before it starts', async (t) => {
  const { api, folder } = await labIn(t);
  const photos = join(folder, 'photos');
  await photographs(photos, 30); // 72 to train on, of which 58 are not held out
  const { name } = await api.request('data.add', { file: { path: photos }, side: 32 });
  const problems = async (batch: number, protocol: 'paper' | 'held-out') =>
    (await api.request('studies.preview', { plan: planOn(name, batch, protocol) })).problems;
  assert.deepEqual(await problems(64, 'paper'), []);
  assert.deepEqual(await problems(58, 'held-out'), []);
  const [problem] = await problems(64, 'held-out');
  assert.equal(problem?.code, 'data.fewer-images-than-batch');
  assert.match(problem.message, /There are 58 training images, fewer than one batch of 64/);
  const { memory } = await api.request('studies.preview', { plan: planOn(name, 58) });
  assert.ok(memory! > 90 * 32 * 32 * 3, 'the memory is said before it starts');
  await assert.rejects(
    api.request('studies.create', { name: 'x', plan: planOn(name, 64), start: false }),
    { code: 'data.fewer-images-than-batch' },
  );
});

test('an archive of images that was sent is taken for the official one only when it is', async (t) => {
  const folder = await temporaryFolder(t);
  const home = join(folder, 'data');
  const bytes = Buffer.from('all of it');
  put(folder, 'sent.zip', bytes);
  const [archive] = tinyImageNet.files;
  const whole = {
    ...tinyImageNet,
    files: [
      {
        ...archive!,
        bytes: bytes.length,
        md5: createHash('md5').update(bytes).digest('hex'),
        sha256: createHash('sha256').update(bytes).digest('hex'),
      },
    ],
  };
  const sent = join(folder, 'sent.zip');
  assert.equal(await keptOfficial(sent, home, [tinyImageNet]), null);
  assert.ok(!existsSync(home));
  assert.equal(await keptOfficial(sent, home, [whole]), whole);
  assert.deepEqual(readFileSync(join(home, 'tiny-imagenet-200.zip')), bytes);
  rmSync(join(home, 'tiny-imagenet-200.zip'));
  const kept = await imagesAt(sent, 'tiny-imagenet-200.zip', home);
  assert.equal(kept, join(home, 'part-tiny-imagenet-200.zip'), 'a part has another name');
});

/** Sends a folder as the page does, as a tar archive. */
async function sent(
  api: LabApi,
  folder: string,
  name: string,
  side: 32 | 64,
): Promise<DataSetView> {
  const archive = join(folder, 'sent.tar');
  await create({ file: archive, cwd: folder }, [name]);
  const bytes = readFileSync(archive);
  const { upload } = await api.request('files.begin', { name: `${name}.tar`, bytes: bytes.length });
  const data = bytes.toString('base64');
  await api.request('files.append', { upload, offset: 0, data });
  return api.request('data.add', { file: { upload }, side });
}

test('the copy of a folder that was sent is deleted where that is asked for', async (t) => {
  const { api, folder } = await labIn(t);
  const home = join(folder, 'data');
  await photographs(join(folder, 'photos'), 5);
  const first = await sent(api, folder, 'photos', 32);
  const copy = join(home, 'photos');
  assert.deepEqual([first.source, first.isCopy], [copy, true]);
  // a person's own folder that lies there, too
  await photographs(join(home, 'mine'), 5);
  const mine = await api.request('data.add', { file: { path: join(home, 'mine') }, side: 32 });
  assert.equal(mine.isCopy, false);
  await api.request('data.remove', { data: mine.name, copy: true });
  await api.request('data.remove', { data: `images:path=${join(home, 'mine')}`, copy: true });
  assert.ok(existsSync(join(home, 'mine')), 'what a person has is never deleted');

  const { name } = await api.request('data.add', { file: { path: copy }, side: 64 });
  await assert.rejects(api.request('data.remove', { data: first.name, copy: true }), {
    code: 'data.in-use',
    message: /photos is not deleted: another entry of the list needs it/,
  });
  await api.request('data.remove', { data: name, copy: true });
  assert.ok(existsSync(copy), 'that entry has no copy of its own');
  const plan = planOn(first.name, 8);
  const { study } = await api.request('studies.create', { name: 'On photos', plan, start: false });
  await assert.rejects(api.request('data.remove', { data: first.name, copy: true }), {
    code: 'data.in-use',
    message: /On photos still needs it/,
  });
  await api.request('studies.remove', { study: study.id });
  await api.request('data.remove', { data: first.name, copy: true });
  assert.ok(!existsSync(copy));
  assert.deepEqual(decodedNames(home), []);
});

test('weights of PyTorch become a teacher after they are measured, and leave again', async (t) => {
  const { api } = await labIn(t);
  const training: TrainingPlan = {
    data: 'synthetic:train=100,test=60',
    ...({ protocol: 'paper', purpose: 'search', splitSeed: 0, epochs: 3 } as const),
    recipe: recipeFor(3),
  };
  const input = { model: 'resnet8', training, file: { path: fixture('plain_resnet8.pth') } };
  await assert.rejects(api.request('teachers.import', input), {
    code: 'teacher.no-better-than-chance',
  });
  for (const [name, code] of [
    ['system_call.pth', 'torch.foreign-object'],
    ['repdistiller_resnet8.pth', 'torch.misfit'],
  ] as const) {
    const file = { path: fixture(name) };
    await assert.rejects(api.request('teachers.import', { ...input, file }), { code });
  }
  assert.deepEqual(await api.request('pretrained.list', {}), []);
  const wish = { ...input, acceptAny: true, name: 'Mine' };
  const teacher = await api.request('teachers.import', wish);
  assert.deepEqual([teacher.state, teacher.source, teacher.epoch], ['imported', 'Mine', 3]);
  assert.ok(teacher.accuracy! >= 0 && teacher.accuracy! < 0.4);
  for (const [format, name] of [
    ['pytorch-module', 'resnet8-pretrained-1.py'],
    ['pytorch-weights', 'resnet8-pretrained-1-pytorch.safetensors'],
    ['onnx', 'resnet8-pretrained-1.onnx'],
  ] as const) {
    const ready = await api.request('pretrained.export', { pretrained: teacher.id, format });
    assert.equal(ready.name, name);
    assert.ok(ready.bytes > 1000);
    await api.request('files.forget', { file: ready.download });
  }
});
