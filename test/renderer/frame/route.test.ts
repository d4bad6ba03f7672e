import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hrefOf, parseRoute, type Route } from '../../../renderer/frame/route.ts';

const routes: Route[] = [
  { view: 'studies' },
  { view: 'new-study', from: null, locks: [] },
  { view: 'new-study', from: 'resnet32=T,resnet110=XX:a%2Fb', locks: ['0-1', '2-1'] },
  { view: 'study', study: 3, run: null },
  { view: 'study', study: 3, run: 17 },
  { view: 'study', study: 3, run: null, filter: 'edge 2->1 = Correct; accuracy >= 60 %' },
  { view: 'study', study: 3, run: 17, filter: 'brush edge 0-1 -0.4..1.25 & #?' },
  { view: 'trial', study: 3, run: 17 },
  { view: 'run', run: 4 },
  { view: 'graphs' },
  { view: 'graph', text: 'resnet32=TT@2,resnet110=XX:teachers/r110 & co.safetensors?' },
  { view: 'graph', text: 'resnet32=TT,resnet110=TC', locks: ['0-1', '2-1'] },
  { view: 'compare', runs: [] },
  { view: 'compare', runs: [1, 2, 3] },
  { view: 'compare', runs: [4], graphs: ['resnet32=TT@2,resnet110=XX:a & b+c', 'resnet8=T'] },
  { view: 'compare', runs: [], graphs: ['resnet8=T'] },
  { view: 'reruns' },
  { view: 'rerun', rerun: 9 },
  { view: 'data' },
  { view: 'settings' },
  { view: 'log', run: null, study: null },
  { view: 'log', run: 5, study: null },
  { view: 'log', run: null, study: 5 },
];

for (const route of routes) {
  test(`${hrefOf(route)} leads back to its route`, () => assert.deepEqual(parseRoute(hrefOf(route)), route));
}

test('an empty address is the study list', () => {
  for (const hash of ['', '#', '#/']) assert.deepEqual(parseRoute(hash), { view: 'studies' });
});

test('nonsense is said to be nonsense and never throws', () => {
  for (const hash of [
    '#/x',
    '#/studies/abc',
    '#/studies/1/trials',
    '#/studies/1/trials/2/3',
    '#/runs/',
    '#/reruns/1e9',
    '#/studies/99999999999999999999',
  ]) {
    assert.equal(parseRoute(hash).view, 'unknown', hash);
  }
  assert.deepEqual(parseRoute('#/graph/%E0%A4%A'), { view: 'graph', text: '%E0%A4%A' });
});

test('at most six runs and graphs are compared; runs are numbers', () => {
  assert.deepEqual(parseRoute('#/compare?runs=1,2,3,4,5&graph=a&graph=b'), {
    view: 'compare',
    runs: [1, 2, 3, 4, 5],
    graphs: ['a'],
  });
  assert.deepEqual(parseRoute('#/compare?runs=1,1,2&graph=a&graph=a'), {
    view: 'compare',
    runs: [1, 2],
    graphs: ['a'],
  });
  assert.deepEqual(parseRoute('#/compare?runs=1,x,2,3,4,5,6,7'), {
    view: 'compare',
    runs: [1, 2, 3, 4, 5, 6],
  });
});
