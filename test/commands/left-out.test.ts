/** What commands say of a folder whose files are not all images. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { photographs, put } from '../data/photographs.ts';
import { ktg, startKtg } from '../e2e/ktg.ts';

const folder = mkdtempSync(join(tmpdir(), 'ktg-test-'));
const photos = join(folder, 'photos');
before(async () => {
  process.env.KTG_DATA = join(folder, 'data');
  await photographs(photos, 12);
  put(photos, 'blue/notes.txt', 'x');
  for (const name of ['broken.jpg', 'other.png']) put(photos, `blue/${name}`, 'no image');
});
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

const data = ['--data', `images:side=32,path=${photos}`, '--batch', '8', '--epochs', '1'];
const reasons = [
  { why: 'holds no JPEG, PNG or WebP image', count: 2 },
  { why: 'is no JPEG, PNG or WebP file', count: 1 },
];
const leftOut = { count: 3, of: 39, reasons };
const line = /^3 of 39 files were left out: holds no .* \(2\); is no JPEG, .* file \(1\)\.$/m;

describe('files that are no image', () => {
  test('are counted in the first lines of a training and in its record', async () => {
    const lab = join(folder, 'unused.sqlite');
    const out = join(folder, 'run');
    const said = await startKtg(lab, 'train', 'resnet8=T', ...data, '--out', out).ended;
    assert.equal(said.code, 0, said.err);
    assert.match(said.out.split('\nepoch')[0]!, line);
    const environment = readFileSync(join(out, 'environment.jsonl'), 'utf8');
    assert.deepEqual((JSON.parse(environment) as { leftOut: unknown }).leftOut, leftOut);
    const again = ['train', 'resnet8=T', ...data, '--out', join(folder, 'other'), '--json'];
    assert.deepEqual((await ktg(lab, ...again)).json[0]!.leftOut, leftOut);
  });

  test('are counted in the first lines of a search, its record and the log', async () => {
    const lab = join(folder, 'lab.sqlite');
    const search = ['search', ...data, '--nodes', '2', '--auxiliaries', 'resnet8'];
    const said = await startKtg(lab, ...search, '--trials', '2', '--seed', '3').ended;
    assert.equal(said.code, 0, said.err);
    assert.match(said.out.split('\n\n')[0]!, line);
    const store = openLabFile(lab, { readOnly: true });
    const environments = store.attempts({ study: 1 }).map(({ environment }) => environment!);
    assert.deepEqual(store.environment(environments[0]!).leftOut, leftOut);
    const texts = store.logs({ study: 1 }).map(({ text }) => text);
    store.close();
    const told = texts.filter((text) => /uses a part of its data: 3 of 39 files were/.test(text));
    assert.equal(told.length, 1, texts.join('\n'));
    const more = await ktg(lab, ...search, '--trials', '1', '--json');
    assert.deepEqual(more.json[0]!.leftOut, leftOut);
  });
});
