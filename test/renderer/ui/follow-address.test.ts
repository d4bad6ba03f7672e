import assert from 'node:assert/strict';
import { beforeEach, describe, mock, test } from 'node:test';
import { followAddress } from '../../../renderer/ui/follow-address.ts';

describe('the address follows the visible part of the page', () => {
  const location = { hash: '' };
  const history = {
    state: null,
    replaceState: (_state: unknown, _unused: string, to: string) => (location.hash = to),
  };
  const place = { location, history };
  beforeEach(() => {
    mock.timers.reset();
    mock.timers.enable({ apis: ['setTimeout'] });
    location.hash = '#/studies/3';
  });

  test('changes when that has come to rest', () => {
    followAddress('#/studies/3?run=1', place)();
    followAddress('#/studies/3?run=2', place);
    assert.equal(location.hash, '#/studies/3');
    mock.timers.tick(1000);
    assert.equal(location.hash, '#/studies/3?run=2');
  });

  test('a late address never undoes a newer click', () => {
    followAddress('#/studies/3?run=2', place);
    location.hash = '#/studies/3/trials/7';
    mock.timers.tick(1000);
    assert.equal(location.hash, '#/studies/3/trials/7');
  });
});
