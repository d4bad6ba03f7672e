import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MachineView } from '../../core/lab/api.ts';
import { hasWorkFor } from '../../core/lab/machine-work.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import type { Place } from '../../core/study/place.ts';
import { withPlace } from '../../core/study/plan.ts';
import { newStudy, training } from '../contract/samples.ts';

const group = (titles: readonly string[] = []): MachineView =>
  ({
    ...{ id: 'cluster', name: 'Cluster', drained: false },
    agents: [{ devices: titles.map((title) => ({ title })) }],
  }) as unknown as MachineView;

const hasWork = (place: Place, machine: MachineView): boolean => {
  const store = openMemoryStore();
  const plan = { training: withPlace(training(), place) };
  const { id } = store.addStudy(newStudy('M2', plan));
  assert.equal(hasWorkFor(store, machine), false, 'it does not run yet');
  store.changeStudy(id, { state: 'running', startedAt: 1 });
  return hasWorkFor(store, machine);
};

test('jobs of a cluster start only for studies that may train there', () => {
  assert.equal(hasWork({}, group()), true);
  assert.equal(hasWork({ machine: 'cluster' }, group()), true);
  assert.equal(hasWork({ machine: 'lena' }, group()), false);
  assert.equal(hasWork({ device: 'NVIDIA H100' }, group()), true, 'its cards are not known yet');
  assert.equal(hasWork({ device: 'NVIDIA H100' }, group(['NVIDIA A100'])), false);
  assert.equal(hasWork({ device: 'NVIDIA H100' }, group(['NVIDIA H100'])), true);
});
