import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PretrainedView } from '../../../core/lab/api.ts';
import { openMemoryStore } from '../../../core/store/memory.ts';
import { runOf } from '../../../renderer/client/run-of.ts';
import { newStudy, newTrial } from '../../contract/samples.ts';
import { scriptedLab } from '../../lab/support.ts';

test('a trial is found by its number in its study, whatever the id of its run', async () => {
  const store = openMemoryStore();
  const [first, second] = [store.addStudy(newStudy()), store.addStudy(newStudy())];
  const runs = [first.id, second.id, second.id].map((study, at) =>
    store.addRun(newTrial(study, at === 2 ? 1 : 0)),
  );
  const api = scriptedLab({}, store);
  const made = { id: 4, run: 77 } as PretrainedView;
  const lab = {
    pretrained: [made],
    request: (name: never, input: never) => api.request(name, input),
  } as unknown as Parameters<typeof runOf>[0];
  assert.equal(await runOf(lab, { study: second.id, trial: 1 }), runs[2]!.id);
  assert.equal(await runOf(lab, { study: first.id, trial: 0 }), runs[0]!.id);
  assert.equal(await runOf(lab, { pretrained: 4 }), 77);
  assert.equal(await runOf(lab, { id: 12 }), 12);
  await assert.rejects(runOf(lab, { study: second.id, trial: 2 }), { code: 'app.no-run' });
  await assert.rejects(runOf(lab, { pretrained: 9 }), { code: 'app.no-run' });
  await assert.rejects(runOf(lab, { rerun: 9, variant: 'graph', seed: 1 }), /no re-run 9/);
  await api.close();
});
