import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabError } from '../../core/base/errors.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import { plan } from '../contract/samples.ts';
import { scriptedLab, studyIs } from './support.ts';

void test('the log holds a study from its start to its end, and its re-run', async () => {
  const lab = scriptedLab();
  const { study } = await lab.request('studies.create', {
    name: 'A',
    plan: plan({ trials: 12 }),
    start: true,
  });
  await lab.request('studies.pause', { study: study.id, when: 'after-epoch' });
  await lab.request('studies.resume', { study: study.id });
  await studyIs(lab, study.id, 'completed');
  const { best } = await lab.request('studies.open', { study: study.id });
  const made = await lab.request('reruns.create', {
    name: 'R',
    from: { run: best!.run },
    seeds: 2,
    baselines: [],
    start: true,
  });
  while ((await lab.request('reruns.open', { rerun: made.rerun.id })).rerun.state === 'running')
    await new Promise((resolve) => setTimeout(resolve, 10));
  const texts = (await lab.request('log.read', { study: study.id }))
    .map(({ text }) => text)
    .reverse();
  assert.match(
    texts.splice(4, 1)[0]!,
    /^Study "A" has ended: 12 trials, \d+ completed, .*; best \d+\.\d\d % \(trial \d+\)\.$/,
  );
  assert.deepEqual(texts, [
    'Study "A" was created.',
    'Study "A" was started.',
    'Study "A" was paused.',
    'Study "A" goes on.',
    'Re-run "R" of 2 seeds was created.',
    'Re-run "R" was started.',
    'Re-run "R" has ended: 2 of 2 runs completed.',
  ]);
  await lab.close('at-once');
});

test('the log says once of a study which part of its data is left out', async () => {
  const leftOut = { count: 3, of: 39, reasons: [{ why: 'cannot be decoded', count: 3 }] };
  const lab = scriptedLab({ leftOut: () => leftOut });
  const { study } = await lab.request('studies.create', {
    name: 'A',
    plan: plan({ trials: 6 }),
    start: true,
  });
  await studyIs(lab, study.id, 'completed');
  const texts = (await lab.request('log.read', { study: study.id })).map(({ text }) => text);
  assert.deepEqual(
    texts.filter((text) => /left out/.test(text)),
    ['Study "A" uses a part of its data: 3 of 39 files were left out: cannot be decoded (3).'],
  );
  await lab.close();
});

void test('a lab that is opened again tells only what is new', async () => {
  const store = openMemoryStore();
  const { id } = store.addStudy({ name: 'B', plan: plan(), priority: 0, notes: '', createdAt: 1 });
  store.changeStudy(id, { state: 'running' });
  const lab = scriptedLab({}, store);
  await studyIs(lab, id, 'completed');
  const texts = (await lab.request('log.read', { study: id })).map(({ text }) => text);
  assert.equal(texts.length, 1);
  assert.match(texts[0]!, /^Study "B" has ended/);
  await lab.close('at-once');
});

void test('what a person asked for in vain stands in the log, what was only looked at does not', async () => {
  const lab = scriptedLab();
  await assert.rejects(lab.request('studies.resume', { study: 9 }), LabError);
  await assert.rejects(lab.request('studies.open', { study: 9 }), LabError);
  const entries = await lab.request('log.read', {});
  assert.deepEqual(
    entries.map(({ level }) => level),
    ['warning'],
  );
  assert.match(entries[0]!.text, /no study 9/i);
  await lab.close('at-once');
});
