import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { forPages } from '../../core/connection/page-access.ts';
import type { LabApi, RequestInput } from '../../core/lab/api.ts';

const PATH = '/home/somebody/photos';

/** A lab with one data set in its list, which answers everything else with what it was asked. */
const lab: LabApi = {
  request: async (name: string) =>
    Promise.resolve(
      (name === 'data.list' ? [{ name: '/listed' }] : name.endsWith('.list') ? [] : name) as never,
    ),
  subscribe: () => () => undefined,
};
const page = forPages(lab);

describe('a page that verifies a bundle', () => {
  const verified = async (bundled: string, data?: string): Promise<unknown> =>
    page.request('reruns.verify', {
      bundle: { data: 'images:0123', training: { data: bundled } },
      start: false,
      ...(data !== undefined && { data }),
    } as unknown as RequestInput<'reruns.verify'>);

  test('may not name a path of the machine, in the bundle or beside it', async () => {
    await assert.rejects(verified(PATH), { code: 'lab.path-refused' });
    await assert.rejects(verified(`images:side=32,path=${PATH}`), { code: 'lab.path-refused' });
    await assert.rejects(verified('cifar100', PATH), { code: 'lab.path-refused' });
    await assert.rejects(verified('/listed', PATH), { code: 'lab.path-refused' });
  });

  test('may name data sets that everybody knows or that the lab lists', async () => {
    assert.equal(await verified('cifar100'), 'reruns.verify');
    assert.equal(await verified('/listed'), 'reruns.verify');
    assert.equal(await verified(PATH, 'cifar100'), 'reruns.verify');
    assert.equal(await verified(PATH, '/listed'), 'reruns.verify');
  });
});
