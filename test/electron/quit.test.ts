import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AttachedLab } from '../../core/host/attach.ts';
import { fake, settled } from './with-fake.ts';

const { Leaving, quitQuestion } = await import('../../electron/quit.ts');

interface Training {
  title: string;
  study?: number;
  rerun?: number;
}

/** A lab with these trainings, of studies and re-runs in the states of `STATES`. */
const labWith = (trainings: readonly Training[]) => (name: string) => {
  const slots = trainings.map((training, run) => ({ study: null, rerun: null, ...training, run }));
  const jobs = STATES.map((state, id) => ({ state, id }));
  if (name === 'studies.list') return Promise.resolve(jobs.map((study) => ({ study })));
  if (name === 'reruns.list') return Promise.resolve(jobs.map((rerun) => ({ rerun })));
  return Promise.resolve([...slots, { run: null, title: '', study: null, rerun: null }]);
};
const STATES = ['running', 'paused', 'stopped'];
const [RUNNING, PAUSED, STOPPED] = [0, 1, 2];

/** A lab with these trainings; closing it takes until `saved` is called. */
function setting(trainings: Training[], elsewhere = false) {
  const closes: string[] = [];
  const { promise, resolve: saved } = Promise.withResolvers<undefined>();
  const lab: AttachedLab = {
    file: '/lab.sqlite',
    elsewhere,
    lost: new Promise(() => undefined),
    api: {
      request: labWith(trainings) as never,
      subscribe: () => () => undefined,
    },
    close: (how = 'save') => {
      closes.push(how);
      return promise;
    },
  };
  let ends = 0;
  fake.dialog.asked.length = 0;
  const leaving = new Leaving(
    lab,
    () => null,
    () => void ends++,
  );
  return {
    leaving,
    closes,
    save: () => {
      saved(undefined);
    },
    ends: () => ends,
  };
}

describe('quitting', () => {
  test('asks only during training, with its title or number', () => {
    assert.equal(quitQuestion([]), null);
    assert.equal(
      quitQuestion(['Study "M3", trial 17'])?.message,
      'Study "M3", trial 17 is running.',
    );
    assert.match(quitQuestion(['a', 'b'])!.message, /^2 trainings/);
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
    assert.equal(leaving.saved, true);
    assert.equal(fake.dialog.asked.length, 0);
  });

  test('counts only trainings that would continue', async () => {
    const { leaving } = setting([
      { title: 'trial 1', study: STOPPED },
      { title: 'trial 2', study: RUNNING },
      { title: 'trial 3', study: PAUSED },
      { title: 'seed 1', rerun: STOPPED },
    ]);
    fake.dialog.response = 0;
    assert.equal(await leaving.leave(), false);
    assert.equal(fake.dialog.asked[0]!.message, 'trial 2 is running.');
    assert.equal(fake.dialog.asked[0]!.title, 'KTG lab');
  });

  test('does not ask after a study was stopped', async () => {
    const { leaving, save } = setting([{ title: 'trial 1', study: STOPPED }]);
    const left = leaving.leave();
    await settled();
    save();
    assert.equal(await left, true);
    assert.equal(fake.dialog.asked.length, 0);
  });

  test('“Keep running” changes nothing, and the next time asks again', async () => {
    const { leaving, closes, ends } = setting([{ title: 'trial 1' }]);
    fake.dialog.response = 0;
    assert.equal(await leaving.leave(), false);
    assert.equal(await leaving.leave(), false);
    assert.equal(fake.dialog.asked.length, 2);
    assert.deepEqual(closes, []);
    assert.equal(ends(), 0);
  });

  test('“Quit” saves; a second “Quit” does not wait', async () => {
    const { leaving, closes, save, ends } = setting([{ title: 'trial 1' }]);
    fake.dialog.response = 1;
    const left = leaving.leave();
    while (!leaving.decided) await settled();
    await leaving.leave();
    assert.deepEqual(closes, ['save', 'at-once']);
    save();
    assert.equal(await left, true);
    assert.equal(ends(), 1);
  });

  test('does not ask when another program holds the lab', async () => {
    const { leaving, save } = setting([{ title: 'trial 1' }], true);
    const left = leaving.leave();
    await settled();
    save();
    assert.equal(await left, true);
    assert.equal(fake.dialog.asked.length, 0);
  });

  test('does not ask when the system shuts down', async () => {
    const { leaving, closes } = setting([{ title: 'trial 1' }]);
    void leaving.leave(false);
    await settled();
    assert.deepEqual(closes, ['save']);
    assert.equal(fake.dialog.asked.length, 0);
  });
});
