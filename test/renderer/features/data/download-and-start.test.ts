import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DataSetView, LabEvent } from '../../../../core/lab/api.ts';
import { downloadAndStart } from '../../../../renderer/features/data/download-and-start.ts';

type Asked = Parameters<typeof downloadAndStart>[0];

/** A lab that notes what it is asked, and tells of data sets. */
function notingLab(refuses = false) {
  const listeners = new Set<(event: LabEvent) => void>();
  const asked: string[] = [];
  const lab = {
    attempt: async (work: () => Promise<unknown>) => (refuses ? undefined : work()),
    request: async (name: string, input: object) => {
      asked.push(`${name} ${JSON.stringify(input)}`);
      return Promise.resolve({});
    },
    listen: (listener: (event: LabEvent) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } as unknown as Asked;
  const tell = (name: string, state: DataSetView['state']): void => {
    const event = { topic: 'data', type: 'data', data: { name, state } } as LabEvent;
    for (const listener of listeners) listener(event);
  };
  return { lab, asked, tell, listeners };
}

const start = 'studies.resume {"study":7}';

void test('the study starts once its data are ready', async () => {
  const { lab, asked, tell, listeners } = notingLab();
  await downloadAndStart(lab, 7, 'cifar100');
  assert.deepEqual(asked, ['data.download {"data":"cifar100"}']);
  tell('cifar100', 'downloading');
  tell('cifar10', 'ready');
  tell('cifar100', 'unpacking');
  assert.ok(!asked.includes(start));
  tell('cifar100', 'ready');
  tell('cifar100', 'ready');
  assert.deepEqual(asked.slice(1), [start]);
  assert.equal(listeners.size, 0);
});

void test('a download that fails, is stopped or is refused leaves the study ready', async () => {
  for (const end of ['failed', 'missing'] as const) {
    const { lab, asked, tell } = notingLab();
    await downloadAndStart(lab, 7, 'cifar100');
    tell('cifar100', end);
    tell('cifar100', 'ready');
    assert.ok(!asked.includes(start), end);
  }
  const { lab, listeners } = notingLab(true);
  await downloadAndStart(lab, 7, 'cifar100');
  assert.equal(listeners.size, 0);
});
