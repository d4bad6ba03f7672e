import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LabApi, LabEvent } from '../../core/lab/api.ts';
import { fake, settled } from './with-fake.ts';

const { preventSleep: preventSleep } = await import('../../electron/power-blocker.ts');
const { JobWatcher: JobWatcher } = await import('../../electron/finished-jobs.ts');
const { notifyOfFinishedJobs: notifyOfFinishedJobs } = await import('../../electron/notices.ts');
const { LabWindow } = await import('../../electron/window.ts');
const { placeWindow, readState } = await import('../../electron/window-state.ts');

function setting(notifications = true) {
  let listener: (event: LabEvent) => void = () => undefined;
  const lab: LabApi = {
    request: ((name: string) =>
      Promise.resolve(name === 'settings.get' ? { notifications } : [])) as never,
    subscribe: (_topics, heard) => {
      listener = heard;
      return () => (listener = () => undefined);
    },
  };
  return {
    lab,
    tell: (event: object) => {
      listener(event as LabEvent);
    },
  };
}

const study = (state: string, at: number): LabEvent =>
  ({
    type: 'study',
    at,
    card: { study: { id: 3, name: 'M3', state }, done: 30, best: { accuracy: 0.712 } },
  }) as unknown as LabEvent;

describe('sleep', () => {
  test('is prevented from the first training to the last', async () => {
    const { lab, tell } = setting();
    const undo = preventSleep(lab);
    await settled();
    const slots = (...runs: (number | null)[]): void => {
      tell({ type: 'slots', slots: runs.map((run) => ({ run })) });
    };
    const held = (): boolean => fake.powerSaveBlocker.active.size > 0;
    slots(null, null);
    assert.equal(held(), false);
    slots(1, null);
    slots(1, 2);
    assert.equal(held(), true);
    slots(null, null);
    assert.equal(held(), false);
    slots(4);
    undo();
    assert.equal(held(), false);
  });
});

describe('the end of a job', () => {
  test('gives a notice after a minute or more', () => {
    const watcher = new JobWatcher();
    assert.deepEqual(watcher.noticesOf(study('running', 0)), []);
    assert.deepEqual(watcher.noticesOf(study('running', 30_000)), []);
    assert.deepEqual(watcher.noticesOf(study('completed', 60_000)), [
      { title: 'M3 is complete', body: '30 trials, best 71.2 %', place: 'studies/3' },
    ]);
    assert.deepEqual(watcher.noticesOf(study('completed', 70_000)), [], 'once');
  });

  test('gives no notice when the job was short or the user ended it', () => {
    const watcher = new JobWatcher();
    watcher.noticesOf(study('running', 0));
    assert.deepEqual(watcher.noticesOf(study('completed', 59_999)), []);
    watcher.noticesOf(study('running', 100_000));
    assert.deepEqual(watcher.noticesOf(study('paused', 900_000)), []);
    assert.deepEqual(
      new JobWatcher().noticesOf(study('completed', 900_000)),
      [],
      'its beginning was not seen',
    );
  });

  test('gives a notice for every kind of job, with its outcome', () => {
    const rerun = (state: string, done: number) => ({
      type: 'rerun',
      rerun: { rerun: { id: 2, name: 'Best', state }, done, total: 5 },
    });
    const data = (state: string, problem: object | null = null) => ({
      type: 'data',
      data: { name: 'cifar100', title: 'CIFAR-100', state, problem },
    });
    const pretrained = (state: string, accuracy: number | null = null) => ({
      type: 'pretrained',
      pretrained: [{ id: 9, model: 'resnet110', state, accuracy }],
    });
    const engine = (
      install: object | null,
      installed: string[],
      problem: object | null = null,
    ) => ({ type: 'engine', engine: { install, installed, problem, version: 'TensorFlow 2' } });
    const failed = { message: 'No room.' };
    const told = (...events: object[]) => {
      const watcher = new JobWatcher();
      return events.flatMap((event, minute) =>
        watcher.noticesOf({ ...event, at: minute * 60_000 } as LabEvent),
      );
    };
    const [title, body, place] = ['title', 'body', 'place'] as const;
    const words = (...events: object[]) =>
      told(...events).map((each) => [each[title], each[body], each[place]]);

    assert.deepEqual(words(rerun('running', 0), rerun('completed', 5)), [
      ['Best is complete', '5 of 5 runs', 'reruns/2'],
    ]);
    assert.deepEqual(words(rerun('running', 0), rerun('stopped', 3)), []);
    assert.deepEqual(words(data('downloading'), data('unpacking'), data('ready')), [
      ['CIFAR-100 is ready', '', 'data'],
    ]);
    assert.deepEqual(words(data('downloading'), data('failed', failed)), [
      ['CIFAR-100 could not be downloaded', 'No room.', 'data'],
    ]);
    assert.deepEqual(words(data('downloading'), data('missing')), [], 'cancelled');
    assert.deepEqual(words(pretrained('running'), pretrained('completed', 0.7)), [
      ['resnet110 is pretrained', '70.0 %', 'data'],
    ]);
    assert.deepEqual(words(pretrained('running'), pretrained('failed')), [
      ['resnet110 could not be trained', '', 'data'],
    ]);
    assert.deepEqual(
      words(pretrained('running'), pretrained('waiting'), pretrained('cancelled')),
      [],
    );
    assert.deepEqual(words(engine({}, []), engine(null, ['cpu'])), [
      ['The engine is installed', 'TensorFlow 2', 'settings'],
    ]);
    assert.deepEqual(words(engine({}, []), engine(null, [], failed)), [
      ['The engine could not be installed', 'No room.', 'settings'],
    ]);
    assert.deepEqual(words(engine({}, []), engine(null, [])), [], 'cancelled');
    assert.deepEqual(
      words(engine({}, [], failed), engine(null, [], failed)),
      [],
      'cancelled, and wrong before',
    );
  });

  test('becomes a notification with a link, unless the window is in front or the setting is off', async () => {
    const { lab, tell } = setting();
    let looks = true;
    const places: string[] = [];
    const undo = notifyOfFinishedJobs(
      lab,
      () => looks,
      (place) => void places.push(place),
    );
    const long = async (): Promise<void> => {
      tell(study('running', 0));
      tell(study('completed', 100_000));
      await settled();
    };
    await long();
    assert.equal(fake.Notification.shown.length, 0);
    looks = false;
    await long();
    assert.deepEqual(
      fake.Notification.shown.map(({ options }) => options.title),
      ['M3 is complete'],
    );
    fake.Notification.shown[0]!.emit('click');
    assert.deepEqual(places, ['studies/3']);
    undo();
    const silent = setting(false);
    notifyOfFinishedJobs(
      silent.lab,
      () => false,
      () => {
        assert.fail('a notification that nobody asked for');
      },
    );
    silent.tell(study('running', 0));
    silent.tell(study('completed', 100_000));
    await settled();
    assert.equal(fake.Notification.shown.length, 1);
  });
});

test('the end of the user’s session waits for the save', () => {
  let ends = 0;
  const window = new LabWindow({
    preload: '',
    stateFile: '/nowhere/window.json',
    icon: '',
    mayClose: () => true,
    onSessionEnd: () => void ends++,
  });
  window.show();
  let waits = false;
  fake.BrowserWindow.made
    .at(-1)!
    .emit('query-session-end', { preventDefault: () => (waits = true) });
  assert.deepEqual([waits, ends], [true, 1]);
});

describe('the window’s place', () => {
  const screens = [{ x: 0, y: 0, width: 1920, height: 1080 }];
  const state = { x: 100, y: 50, width: 1000, height: 700, maximized: false };

  test('is restored on a connected screen', () => {
    assert.deepEqual(placeWindow(state, screens), { x: 100, y: 50, width: 1000, height: 700 });
    assert.deepEqual(placeWindow({ ...state, x: 3000 }, screens), { width: 1000, height: 700 });
    assert.deepEqual(placeWindow({ ...state, y: -400 }, screens), { width: 1000, height: 700 });
    assert.deepEqual(placeWindow(null, screens), { width: 1280, height: 800 });
    assert.deepEqual(placeWindow({ ...state, width: 1, height: 1 }, screens), {
      x: 100,
      y: 50,
      width: 760,
      height: 520,
    });
  });

  test('is ignored when the saved state is unreadable', () => {
    assert.equal(readState('/nowhere/window.json'), null);
  });
});
