import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { LabError } from '../../core/base/errors.ts';
import { asWrongArguments, WrongArguments } from '../../core/commands/command.ts';
import { graphFrom } from '../../core/commands/graph-argument.ts';
import { planFrom } from '../../core/commands/plan.ts';
import { nodeOf } from '../../core/graph/graph.ts';

const here = (name: string): string => join(process.cwd(), name);

test('files are stored as absolute paths', () => {
  assert.equal(planFrom({ data: 'part.tar.gz' }).training.data, here('part.tar.gz'));
  assert.equal(planFrom({ data: '../part' }).training.data, join(process.cwd(), '../part'));
  assert.equal(planFrom({ data: '/data/part' }).training.data, '/data/part');
  const taught = graphFrom('kd', 'resnet8,resnet8', ['out/teacher/checkpoint.safetensors']);
  assert.equal(nodeOf(taught, 2).checkpoint, here('out/teacher/checkpoint.safetensors'));
  const named = graphFrom('kd', 'resnet8,resnet8', ['2=/teachers/one']);
  assert.equal(nodeOf(named, 2).checkpoint, '/teachers/one');
});

test('an invalid plan is a usage error before any lab is opened', () => {
  const wrong: Record<string, string | string[]>[] = [
    { lock: ['2-1='] },
    { lock: ['1=foo'] },
    { target: 'foo' },
    { auxiliaries: '' },
    { rungs: '1,2,300', epochs: '8' },
    { nodes: '1', lock: ['0-1=cutoff'] },
    { data: 'two\nlines' },
  ];
  for (const values of wrong)
    assert.throws(() => planFrom(values), WrongArguments, JSON.stringify(values));
  assert.throws(() => planFrom({ target: 'foo' }), { code: 'model.unknown' });
});

test('a failure of the lab is no usage error', () => {
  for (const code of ['store.disk-full', 'lab.unreachable', 'lab.closed']) {
    const error = new LabError({ code, message: 'Not now.', next: '' });
    assert.equal(asWrongArguments(error), error);
  }
  const bug = new TypeError('a bug');
  assert.equal(asWrongArguments(bug), bug);
});

test('names of data sets stay names; a path that begins like one is a path', () => {
  for (const name of ['cifar100', 'cifar10', 'synthetic', 'synthetic:train=160,test=100'])
    assert.equal(planFrom({ data: name }).training.data, name);
  assert.equal(planFrom({}).training.data, 'synthetic');
  const { data, epochs } = planFrom({ data: 'synthetic-extra.tar' }).training;
  assert.deepEqual([data, epochs], [here('synthetic-extra.tar'), 200]);
});

test('an unreadable graph is a usage error', () => {
  for (const [graph, nodes] of [
    ['kd', 'foo'],
    ['resnet8=ZZ', undefined],
    ['no-file.json', undefined],
  ] as const)
    assert.throws(() => graphFrom(graph, nodes, []), WrongArguments);
});
