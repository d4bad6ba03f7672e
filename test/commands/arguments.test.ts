import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { graphFrom } from '../../core/commands/graph-argument.ts';
import { planFrom } from '../../core/commands/plan.ts';
import { nodeOf } from '../../core/graph/graph.ts';

const here = (name: string): string => join(process.cwd(), name);

test('files are kept by their whole path, so that work goes on from any folder', () => {
  assert.equal(planFrom({ data: 'part.tar.gz' }).training.data, here('part.tar.gz'));
  assert.equal(planFrom({ data: '../part' }).training.data, join(process.cwd(), '../part'));
  assert.equal(planFrom({ data: '/data/part' }).training.data, '/data/part');
  const taught = graphFrom('kd', 'resnet8,resnet8', ['out/teacher/checkpoint.safetensors']);
  assert.equal(nodeOf(taught, 2).checkpoint, here('out/teacher/checkpoint.safetensors'));
  const named = graphFrom('kd', 'resnet8,resnet8', ['2=/teachers/one']);
  assert.equal(nodeOf(named, 2).checkpoint, '/teachers/one');
});

test('names of data sets stay names; a file that only begins like one is a file', () => {
  for (const name of ['cifar100', 'cifar10', 'synthetic', 'synthetic:train=160,test=100'])
    assert.equal(planFrom({ data: name }).training.data, name);
  assert.equal(planFrom({}).training.data, 'synthetic');
  const { data, epochs } = planFrom({ data: 'synthetic-extra.tar' }).training;
  assert.deepEqual([data, epochs], [here('synthetic-extra.tar'), 200]);
});
