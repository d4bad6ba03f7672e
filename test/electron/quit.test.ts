import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HeldLab } from '../../core/lab/hold.ts';
import { fake, settled } from './with-fake.ts';

const { Leaving, quitQuestion, runningTitles } = await import('../../electron/quit.ts');

/** A lab with these trainings; closing it takes until `saved` is called. */
function setting(titles: string[], elsewhere = false) {
  const closes: string[] = [];
  const { promise, resolve: saved } = Promise.withResolvers<undefined>();
  const lab: HeldLab = {
    file: '/lab.sqlite',
    elsewhere,
    lost: new Promise(() => undefined),
    api: {
      request: ((name: string) => Promise.resolve(name === 'slots.list' ? [...titles.map((title, run) => ({ run, title, study: 1, rerun: null })), { run: null, title: '' }] : [])) as never, // prettier-ignore
      subscribe: () => () => undefined,
    },
    close: (how = 'save') => {
      closes.push(how);
      return promise;
    },
  };
  let ends = 0;
  fake.dialog.asked.length = 0;
  const leaving = new Leaving(lab, () => null, () => void ends++); // prettier-ignore
  return { leaving, closes, save: () => { saved(undefined); }, ends: () => ends }; // prettier-ignore
}

describe('quitting', () => {
  test('asks by name or number, and only while something runs', () => {
    assert.equal(quitQuestion([]), null);
    assert.equal(quitQuestion(['Study "M3", trial 17'])?.message, 'Study "M3", trial 17 is running.');
    assert.match(quitQuestion(['a', 'b'])!.message, /^2 trainings/);
  });

  test('leaves out trainings whose study or re-run was stopped: they end anyway', async () => {
    const answers: Record<string, unknown[]> = {
      'slots.list': [
        { run: 1, title: 'of a stopped study', study: 1, rerun: null },
        { run: 2, title: 'of a running study', study: 2, rerun: null },
        { run: 3, title: 'of a stopped re-run', study: 2, rerun: 1 },
        { run: 4, title: 'pretraining', study: null, rerun: null },
        { run: null, title: '', study: null, rerun: null },
      ],
      'studies.list': [{ study: { id: 1, state: 'stopped' } }, { study: { id: 2, state: 'running' } }],
      'reruns.list': [{ rerun: { id: 1, state: 'stopped' } }],
    };
    const request = ((name: string) => Promise.resolve(answers[name])) as never;
    const titles = await runningTitles({ request, subscribe: () => () => undefined });
    assert.deepEqual(titles, ['of a running study', 'pretraining']);
  });

  test('without work ends without a question', async () => {
    const { leaving, closes, save, ends } = setting([]);
    const left = leaving.leave();
    await settled();
    assert.deepEqual(closes, ['save']);
    assert.equal(ends(), 0);
    save();
    assert.equal(await left, true);
    assert.equal(ends(), 1);
    assert.equal(leaving.gone, true);
    assert.equal(fake.dialog.asked.length, 0);
  });

  test('“Keep running” keeps everything as it is, and the next time asks again', async () => {
    const { leaving, closes, ends } = setting(['trial 1']);
    fake.dialog.response = 0;
    assert.equal(await leaving.leave(), false);
    assert.equal(await leaving.leave(), false);
    assert.equal(fake.dialog.asked.length, 2);
    assert.deepEqual(closes, []);
    assert.equal(ends(), 0);
  });

  test('“Quit” saves; asked again meanwhile, it no longer waits', async () => {
    const { leaving, closes, save, ends } = setting(['trial 1']);
    fake.dialog.response = 1;
    const left = leaving.leave();
    await settled();
    assert.equal(leaving.decided, true);
    await leaving.leave();
    assert.deepEqual(closes, ['save', 'at-once']);
    save();
    assert.equal(await left, true);
    assert.equal(ends(), 1);
  });

  test('a lab of another program goes on, so nothing is asked', async () => {
    const { leaving, save } = setting(['trial 1'], true);
    const left = leaving.leave();
    await settled();
    save();
    assert.equal(await left, true);
    assert.equal(fake.dialog.asked.length, 0);
  });

  test('a system that shuts down is not asked', async () => {
    const { leaving, closes } = setting(['trial 1']);
    void leaving.leave(false);
    await settled();
    assert.deepEqual(closes, ['save']);
    assert.equal(fake.dialog.asked.length, 0);
  });
});
