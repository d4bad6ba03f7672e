import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, test } from 'node:test';
import { hrefOf } from '../../renderer/routes.ts';
import { fake } from './with-fake.ts';

const { linkTo, placeIn, registerLinks } = await import('../../electron/links.ts');
const {
  argumentsFor,
  parseLaunchRequest: wishFrom,
  launchRequestOf: wishOf,
} = await import('../../electron/launch-request.ts');

delete process.env.KTG_LAB;
const none = { lab: null, place: null };

describe('launch request', () => {
  test('is a lab file in either form, as an absolute path', () => {
    const lab = resolve('some lab.sqlite');
    assert.deepEqual(wishOf(['app', '--lab', 'some lab.sqlite']), { lab, place: null });
    assert.deepEqual(wishOf(['--lab=some lab.sqlite', '--user-data-dir=/x', '--no-first-run']), {
      lab,
      place: null,
    });
    assert.deepEqual(wishOf(['--lab', ':memory:']), { lab: ':memory:', place: null });
    for (const args of [[], ['app'], ['--lab'], ['--lab='], ['--label', 'x']])
      assert.deepEqual(wishOf(args), none);
  });

  test('is a link to a place', () => {
    assert.deepEqual(wishOf(['app', 'ktg-lab://studies/3?run=4']), {
      lab: null,
      place: 'studies/3?run=4',
    });
    assert.deepEqual(wishOf(['https://example.org/', 'ktg-lab:nonsense']), none);
  });

  test('is KTG_LAB’s lab file without --lab', (context) => {
    process.env.KTG_LAB = '/other.sqlite';
    context.after(() => delete process.env.KTG_LAB);
    assert.deepEqual(wishOf([]), { lab: resolve('/other.sqlite'), place: null });
    assert.deepEqual(wishOf(['--lab=/mine.sqlite']), { lab: resolve('/mine.sqlite'), place: null });
  });

  test('is replaced on a restart, and no other argument is', () => {
    const next = { lab: '/next.sqlite', place: 'data' };
    for (const before of [['--lab', '/before.sqlite'], ['--lab=/before.sqlite'], []])
      assert.deepEqual(
        argumentsFor(next, ['app', ...before, '--user-data-dir=/x', 'ktg-lab://log']),
        ['app', '--user-data-dir=/x', '--lab=/next.sqlite', 'ktg-lab://data'],
        before.join(' '),
      );
    assert.deepEqual(wishOf(argumentsFor(next, [])), next);
  });

  test('follows `--` on Windows, so it can never be a switch', () => {
    assert.deepEqual(wishOf(['--', 'ktg-lab://log']), { lab: null, place: 'log' });
    assert.deepEqual(wishOf(['--', '--lab=/x.sqlite']), none);
    const next = { lab: '/next.sqlite', place: 'data' };
    assert.deepEqual(
      argumentsFor(next, ['--no-first-run', '--', 'ktg-lab://log', '--gpu-launcher=x']),
      ['--no-first-run', '--lab=/next.sqlite', 'ktg-lab://data'],
    );
  });

  test('from another start is validated', () => {
    assert.deepEqual(wishFrom({ lab: '/x', place: 'data' }), { lab: '/x', place: 'data' });
    for (const sent of [
      null,
      'x',
      {},
      { lab: 1, place: null },
      { lab: '/x', place: 'data', more: 1 },
    ])
      assert.deepEqual(wishFrom(sent), none);
  });
});

describe('a link', () => {
  test('round trips for every kind of place', () => {
    for (const route of [
      { view: 'study', study: 3, trial: 7, filter: 'edge 2->1 = Correct, accuracy >= 60 %' },
      { view: 'trial', study: 3, trial: 7 },
      { view: 'graph', text: 'resnet8=TLC,resnet110=XXX,wrn-28-2=TTX', locks: ['2-1'] },
      {
        view: 'compare',
        runs: [
          { study: 1, trial: 2 },
          { rerun: 1, variant: 'dml', seed: 3 },
        ],
      },
      { view: 'new-study', from: 'resnet8=T', locks: [] },
      { view: 'log', run: { study: 1, trial: 3 }, study: null },
    ] as const) {
      const place = hrefOf(route).slice(2);
      assert.equal(placeIn(linkTo(place)), place);
    }
    assert.equal(placeIn('ktg-lab://data/'), 'data', 'as browsers write it');
  });

  test('is opened by the packed app on Windows, after `--`', (context) => {
    context.after(() => (fake.app.isPackaged = false));
    registerLinks('win32');
    fake.app.isPackaged = true;
    registerLinks('linux');
    assert.deepEqual(fake.app.schemes, []);
    registerLinks('win32');
    assert.deepEqual(fake.app.schemes, [['ktg-lab', process.execPath, ['--']]]);
  });

  test('from outside cannot leave the app', () => {
    for (const link of [
      'ktg-lab:studies',
      'http://studies',
      'KTG-LAB://studies',
      'ktg-lab://a"b',
      'ktg-lab://<script>',
      'ktg-lab://a#b',
      'ktg-lab://a\\b',
      'ktg-lab://a b',
      'ktg-lab://a\nb',
      'ktg-lab://javascript:alert(1)',
      `ktg-lab://${'a'.repeat(5000)}`,
    ])
      assert.equal(placeIn(link), null, link);
  });
});
