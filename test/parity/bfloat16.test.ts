import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bfloat16Tolerances } from './bfloat16.ts';

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));
const read = (path: string): unknown => JSON.parse(readFileSync(join(fixtures, path), 'utf8'));
const yardstick = (folder: string) =>
  read(join(folder, 'bfloat16.json')) as {
    starts: number;
    files: Record<string, { kind: string; classes: Record<string, [number, number]> }>;
  };
const fixture = { kind: 'ktg', models: ['resnet8'] };

void test('ours may deviate 1.5 times as far as the bfloat16 of PyTorch, and as far as float32', () => {
  const path = join(fixtures, 'ktg', 'm1_through.json');
  const limits = bfloat16Tolerances(path, 'm1_through', fixture, { 'param.n': 1e-6, logits: 0.5 });
  const { classes } = yardstick('ktg').files.m1_through!;
  for (const [name, [largest]] of Object.entries(classes))
    if (name.startsWith('momentum')) assert.equal(limits[name], 1.5 * largest, name);
  assert.equal(limits.logits, 0.5);
  assert.ok(limits['param.gamma.n']! >= 1e-6);
});

void test('a file without a yardstick takes the largest limits of files with its networks', () => {
  const limits = bfloat16Tolerances('/nowhere/new.json', 'new', fixture, {});
  const own = Object.values(yardstick('ktg').files).filter(({ kind }) => kind === 'ktg');
  for (const { classes } of own) {
    const [largest] = classes['momentum.convolution.n']!;
    assert.ok(limits['momentum.convolution.n']! >= 1.5 * largest);
  }
  const pass = bfloat16Tolerances('/nowhere/new.json', 'new', { ...fixture, kind: 'forward' }, {});
  assert.equal(pass['momentum.convolution.n'], undefined);
});

void test('every fixture of training has a yardstick of at least 24 moved starts', () => {
  for (const folder of ['ktg', 'ktg2', 'yardstick']) {
    const { starts, files } = yardstick(folder);
    assert.ok(starts > 24);
    const asked = readdirSync(join(fixtures, folder)).filter((name) =>
      /^(m\d|forward)_/.test(name),
    );
    assert.deepEqual(
      asked.filter((name) => files[name.replace('.json', '')] === undefined),
      [],
    );
  }
});
