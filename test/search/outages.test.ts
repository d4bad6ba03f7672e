import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { Lifetime } from '../../core/base/lifetime.ts';
import { LabError } from '../../core/base/errors.ts';
import { Outages, decideOutage } from '../../core/search/outages.ts';

const problem = (code: string) => ({ code, message: '', next: '' });

test('a busy or full store is tried again after longer and longer times, up to a minute', () => {
  assert.deepEqual(decideOutage(problem('store.busy'), 0), {
    do: 'try-again',
    afterMilliseconds: 5000,
    reason: 'may-pass',
  });
  assert.deepEqual(
    [0, 1, 2, 3, 4, 50].map((tries) => {
      const decision = decideOutage(problem('store.disk-full'), tries);
      return decision.do === 'try-again' && decision.afterMilliseconds;
    }),
    [5000, 10_000, 20_000, 40_000, 60_000, 60_000],
  );
});

test('a lost file waits for a person', () => {
  for (const code of ['store.deleted', 'store.damaged'])
    assert.deepEqual(decideOutage(problem(code), 0), {
      do: 'wait-for-a-person',
      reason: 'does-not-pass',
    });
});

describe('an outage', () => {
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
  });
  afterEach(() => {
    mock.timers.reset();
  });

  const begun = (code: string) => {
    const calls: string[] = [];
    const refusal = new LabError({ code, message: 'It refuses.', next: '' });
    const store = { error: refusal as LabError | null };
    const lifetime = new Lifetime();
    const outages = new Outages(lifetime, 1, {
      began: () => calls.push('began'),
      tryStore: () => {
        calls.push('tried');
        if (store.error) throw store.error;
      },
      ended: () => calls.push('ended'),
    });
    outages.watch(() => {
      throw store.error!;
    });
    return { lifetime, outages, calls, store };
  };

  test('begins once, is tried again and ends when the store takes changes', () => {
    const { outages, calls, store } = begun('store.busy');
    outages.meet(store.error);
    assert.equal(outages.problem?.code, 'store.busy');
    mock.timers.tick(5000);
    mock.timers.tick(9999);
    assert.deepEqual(calls, ['began', 'tried']);
    store.error = null;
    mock.timers.tick(1);
    assert.deepEqual(calls, ['began', 'tried', 'tried', 'ended']);
    assert.equal(outages.problem, null);
    outages.end();
    assert.equal(calls.length, 4, 'nothing is left to end');
  });

  test('of a lost file is tried only when a person asks', () => {
    const { outages, calls, store } = begun('store.deleted');
    mock.timers.tick(1_000_000);
    assert.deepEqual(calls, ['began']);
    assert.throws(
      () => {
        outages.end();
      },
      { code: 'store.deleted' },
    );
    store.error = null;
    outages.end();
    assert.deepEqual(calls, ['began', 'tried', 'tried', 'ended']);
  });

  test('is not tried again once the lab is closed', () => {
    const { lifetime, calls } = begun('store.busy');
    lifetime.end();
    mock.timers.tick(1_000_000);
    assert.deepEqual(calls, ['began']);
  });

  test('is no cover for a bug: other errors are thrown', () => {
    const { outages } = begun('store.busy');
    assert.throws(() => {
      outages.watch(() => {
        throw new TypeError('a bug');
      });
    }, TypeError);
  });
});
