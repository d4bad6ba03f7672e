import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PretrainedView } from '../../core/lab/api.ts';
import {
  hrefOf,
  hrefOfRun,
  pageTitleOf,
  parseRoute,
  placeOf,
  places,
  type Route,
} from '../../renderer/routes.ts';
import { nameOfRun } from '../../renderer/run-name.ts';
import { trial } from './rows.ts';

const routes: Route[] = [
  { view: 'studies' },
  { view: 'new-study', from: null, locks: [] },
  { view: 'new-study', from: 'resnet32=T,resnet110=XX:a%2Fb', locks: ['0-1', '2-1'] },
  { view: 'study', study: 3, trial: null },
  { view: 'study', study: 3, trial: 17 },
  { view: 'study', study: 3, trial: null, filter: 'edge 2->1 = Correct; accuracy >= 60 %' },
  { view: 'study', study: 3, trial: 17, filter: 'brush edge 0-1 -0.4..1.25 & #?' },
  { view: 'trial', study: 3, trial: 17 },
  { view: 'run', run: { rerun: 2, variant: 'all-through', seed: 5 } },
  { view: 'run', run: { pretrained: 4 } },
  { view: 'run', run: { id: 4 } },
  { view: 'graphs' },
  { view: 'graph', text: 'resnet32=TT@2,resnet110=XX:teachers/r110 & co.safetensors?' },
  { view: 'graph', text: 'resnet32=TT,resnet110=TC', locks: ['0-1', '2-1'] },
  { view: 'compare', runs: [] },
  {
    view: 'compare',
    runs: [{ study: 1, trial: 2 }, { rerun: 1, variant: 'dml', seed: 3 }, { id: 9 }],
  },
  {
    view: 'compare',
    runs: [{ pretrained: 4 }],
    graphs: ['resnet32=TT@2,resnet110=XX:a & b+c', 'resnet8=T'],
  },
  { view: 'compare', runs: [], graphs: ['resnet8=T'] },
  { view: 'reruns' },
  { view: 'rerun', rerun: 9 },
  { view: 'data' },
  { view: 'settings' },
  { view: 'log', run: null, study: null },
  { view: 'log', run: { study: 1, trial: 5 }, study: null },
  { view: 'log', run: null, study: 5 },
];

for (const route of routes) {
  test(`${hrefOf(route)} leads back to its route`, () =>
    assert.deepEqual(parseRoute(hrefOf(route)), route));
}

test('an empty address is the study list', () => {
  for (const hash of ['', '#', '#/']) assert.deepEqual(parseRoute(hash), { view: 'studies' });
});

test('an address that leads nowhere opens the view unknown and never throws', () => {
  for (const hash of [
    '#/x',
    '#/studies/abc',
    '#/studies/1/trials',
    '#/studies/1/trials/2/3',
    '#/studies/1/trial/x',
    '#/reruns/1/graph',
    '#/reruns/1/Graph/2',
    '#/pretrained/x',
    '#/runs/',
    '#/reruns/1e9',
    '#/studies/99999999999999999999',
  ]) {
    assert.equal(parseRoute(hash).view, 'unknown', hash);
  }
  assert.deepEqual(parseRoute('#/graph/%E0%A4%A'), { view: 'graph', text: '%E0%A4%A' });
});

test('Compare takes at most six runs and graphs, each once', () => {
  const ids = (...list: number[]) => list.map((id) => ({ id }));
  assert.deepEqual(parseRoute('#/compare?runs=1,2,3,4,5&graph=a&graph=b'), {
    view: 'compare',
    runs: ids(1, 2, 3, 4, 5),
    graphs: ['a'],
  });
  assert.deepEqual(parseRoute('#/compare?runs=1.0,1.0,2&graph=a&graph=a'), {
    view: 'compare',
    runs: [{ study: 1, trial: 0 }, { id: 2 }],
    graphs: ['a'],
  });
  assert.deepEqual(parseRoute('#/compare?runs=1,x,2,3,4,5,6,7'), {
    view: 'compare',
    runs: ids(1, 2, 3, 4, 5, 6),
  });
});

test('addresses name trials by number; addresses of earlier versions name runs by id and still open', () => {
  assert.equal(hrefOf({ view: 'trial', study: 3, trial: 0 }), '#/studies/3/trial/0');
  assert.equal(hrefOf({ view: 'study', study: 3, trial: 0 }), '#/studies/3?trial=0');
  assert.equal(hrefOfRun({ rerun: 2, variant: 'graph', seed: 1 }), '#/reruns/2/graph/1');
  assert.deepEqual(parseRoute('#/studies/3/trials/17'), { view: 'run', run: { id: 17, study: 3 } });
  assert.deepEqual(parseRoute('#/runs/17'), { view: 'run', run: { id: 17 } });
  assert.deepEqual(parseRoute('#/studies/3?run=17'), {
    view: 'study',
    study: 3,
    trial: null,
    run: 17,
  });
  assert.equal(hrefOfRun({ id: 17, study: 3 }), '#/studies/3/trials/17');
  assert.equal(hrefOfRun({ study: 3, trial: 0 }), '#/studies/3/trial/0');
  assert.deepEqual(parseRoute('#/log?run=17'), { view: 'log', run: { id: 17 }, study: null });
});

test('a run is named by study and trial, re-run and seed, or pretrained network', () => {
  const row = trial(12, { study: 3, number: 7 });
  assert.deepEqual(nameOfRun(row), { study: 3, trial: 7 });
  const seed = {
    ...row,
    kind: 'repeat',
    study: null,
    rerun: 2,
    variant: 'dml',
    number: 0,
  } as const;
  assert.deepEqual(nameOfRun(seed), { rerun: 2, variant: 'dml', seed: 1 });
  const pretraining = { ...row, kind: 'pretrain', study: null } as const;
  assert.deepEqual(nameOfRun(pretraining, [{ id: 5, run: 12 } as PretrainedView]), {
    pretrained: 5,
  });
  assert.deepEqual(nameOfRun(pretraining), { id: 12 });
});

test('places of the navigation have the digits 1 to 7 and open at their own address', () => {
  assert.deepEqual(
    places.map(({ key, title, path }) => [key, title, path]),
    [
      ['1', 'Studies', 'studies'],
      ['2', 'Graphs', 'graphs'],
      ['3', 'Compare', 'compare'],
      ['4', 'Re-runs', 'reruns'],
      ['5', 'Data', 'data'],
      ['6', 'Settings', 'settings'],
      ['7', 'Log', 'log'],
    ],
  );
  for (const { view, path, title } of places) {
    const route = parseRoute(`#/${path}`);
    assert.deepEqual([route.view, pageTitleOf(route), placeOf(route)], [view, title, view]);
    assert.equal(hrefOf(route), `#/${path}`);
  }
});

test('every address belongs to a place of the navigation', () => {
  const placeOfAddress = (address: string) => placeOf(parseRoute(address));
  for (const address of [
    '#/studies/new',
    '#/studies/3',
    '#/studies/3/trial/17',
    '#/studies/3/trials/17',
  ])
    assert.equal(placeOfAddress(address), 'studies', address);
  assert.equal(placeOfAddress('#/graph/resnet8'), 'graphs');
  for (const address of ['#/reruns/2', '#/reruns/2/graph/1', '#/runs/17'])
    assert.equal(placeOfAddress(address), 'reruns', address);
  assert.equal(placeOfAddress('#/pretrained/4'), 'data');
  assert.equal(placeOfAddress('#/nonsense'), null);
});
