import assert from 'node:assert/strict';
import { test } from 'node:test';
import { graphKey } from '../../../../core/graph/canonical.ts';
import { fromText } from '../../../../core/graph/text.ts';
import type { RunView } from '../../../../core/lab/api.ts';
import {
  comparedRun,
  comparedText,
  differText,
  equalGraphs,
  shortTitles,
  type Records,
} from '../../../../renderer/views/compare/compared.ts';
import { trial } from '../../rows.ts';

const mine = fromText('resnet32=TC,resnet110=LT');
const records = {
  cards: [{ study: { id: 1, name: 'M = 3' } }],
  reruns: [{ rerun: { id: 2, name: 'Best' } }],
  pretrained: [],
  graphs: [{ id: 1, name: 'Mine', graph: mine, key: graphKey(mine) }],
} as unknown as Records;

const run = (change: Partial<RunView> = {}): RunView =>
  ({
    ...trial(4),
    training: { protocol: 'held-out', data: 'cifar100' },
    attemptList: [],
    ...change,
  }) as Partial<RunView> as RunView;

test('compared runs are titled by study and trial, or re-run, variant and seed', () => {
  const title = (change?: Partial<RunView>) => comparedRun(run(change), records).title;
  assert.equal(title(), 'Trial 3, M = 3');
  assert.equal(title({ study: 9 }), 'Trial 3, study');
  const seed = { kind: 'repeat', study: null, rerun: 2, number: 1 } as const;
  assert.equal(title({ ...seed, variant: 'dml' }), 'Best, DML, seed 2');
  assert.equal(title({ ...seed, variant: 'graph' }), 'Best, seed 2');
  assert.equal(title({ kind: 'pretrain', study: null }), 'Pretraining of ResNet32');
});

test('trials of one study need no study in their titles', () => {
  const first = comparedRun(run(), records);
  const second = comparedRun(run({ number: 7 }), records);
  assert.deepEqual(shortTitles([first, second]), ['Trial 3', 'Trial 7']);
  assert.deepEqual(shortTitles([first]), ['Trial 3, M = 3']);
  const other = comparedRun(run({ study: 9 }), records);
  assert.deepEqual(shortTitles([first, other]), ['Trial 3, M = 3', 'Trial 3, study']);
});

test('an untrained graph is titled by its saved name, a known method, or its place', () => {
  const title = (text: string) => comparedText(text, 1, records).title;
  assert.equal(title('resnet32=TC,resnet110=LT'), 'Mine');
  assert.equal(title('resnet32=TT,resnet32=TT'), 'DML');
  assert.equal(title('resnet32=TL,resnet110=CT'), 'Graph 2');
  assert.throws(() => title('nonsense'), { name: 'LabError' });
});

test('graphs that differ only in the order of auxiliary nodes are the same', () => {
  const graphs = [
    'resnet32=TTL,resnet110=TTX,resnet20=TXT',
    'resnet32=TLT,resnet20=TXT,resnet110=TTX',
    'resnet32=TT,resnet110=TT',
  ].map((text, i) => comparedText(text, i, records));
  assert.deepEqual(
    equalGraphs(graphs).map(({ id }) => id),
    ['graph 0', 'graph 1'],
  );
});

test('the number of differing networks and edges is written in one phrase', () => {
  assert.equal(differText(['0-1']), '1 edge differs');
  assert.equal(differText(['0-1', '2-1']), '2 edges differ');
  assert.equal(differText(['2', '0-1']), '1 network and 1 edge differ');
  assert.equal(differText([]), '0 edges differ');
});
