/** How the real app begins and ends in a real Electron; see app.test.ts. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import type { ElectronApplication } from 'playwright-core';
import { attachLab } from '../../../core/host/attach.ts';
import { tinyPlan } from '../../e2e/tiny-study.ts';
import { answer, appThatAnswers, buildApp, finish, launch, pageOf, said, skip } from './launch.ts';

describe('start and end of the app in a real Electron', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ktg-electron-life-'));
  let app: ElectronApplication | undefined;
  before(buildApp);
  afterEach(async () => {
    await finish(app);
    app = undefined;
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100));

  /** Lets the app train something that is not over before the test, and waits until it does. */
  async function train(file: string): Promise<number> {
    const { api, close } = await attachLab(file);
    const plan = tinyPlan({ nodes: 2, trials: 50, epochs: 500, images: 1000 });
    const { study } = await api.request('studies.create', { name: 'Long', plan, start: true });
    while ((await api.request('slots.list', {})).every(({ run }) => run === null)) await pause();
    await close();
    return study.id;
  }

  test('asks before it starts without a sandbox', async () => {
    app = await launch(folder, { lab: 'open', sandbox: false, from: appThatAnswers(folder, 1) });
    await pageOf(app);
    assert.deepEqual(await said(app), ['The window would run without its sandbox.']);
    await finish(app);
    const ended = launch(folder, { lab: 'open', sandbox: false, from: appThatAnswers(folder, 0) });
    app = await ended.catch(() => undefined); // it may end before the test has hold of it
    const program = app?.process();
    if (program?.exitCode === null) await once(program, 'exit');
    if (program) assert.equal(program.exitCode, 1);
  });

  test('asks before it quits during training; the training continues at the next start', async () => {
    const file = join(folder, 'quit.sqlite');
    app = await launch(folder, { lab: 'quit' });
    await pageOf(app);
    const study = await train(file);
    const asked = await answer(app, 0);
    const quit = (electron: ElectronApplication): Promise<void> =>
      electron.evaluate(({ app }) => {
        setImmediate(() => {
          app.quit();
        });
      });
    await quit(app);
    while ((await asked()).length === 0) await pause();
    assert.match((await asked())[0]!, /running/);
    assert.equal(app.windows().length, 1, 'it was told to keep running');

    await answer(app, 1);
    const program = app.process();
    const ended = once(program, 'exit');
    await quit(app);
    assert.deepEqual(await ended, [0, null]);
    assert.ok(!existsSync(`${file}-wal`));

    app = await launch(folder, { lab: 'quit' });
    await pageOf(app);
    const { api, close } = await attachLab(file);
    const cards = await api.request('studies.list', {});
    assert.equal(cards.find((each) => each.study.id === study)?.study.state, 'running');
    await close();
    assert.equal(await finish(app), 0, 'saved when the system ends it');
  });

  test('does not ask when the study was stopped', async () => {
    const file = join(folder, 'stopped.sqlite');
    app = await launch(folder, { lab: 'stopped' });
    await pageOf(app);
    const study = await train(file);
    const { api, close } = await attachLab(file);
    const asked = await answer(app, 1);
    await api.request('studies.stop', { study, when: 'now' });
    await close();
    const ended = once(app.process(), 'exit');
    const question = asked();
    await app.evaluate(({ app }) => {
      setImmediate(() => {
        app.quit();
      });
    });
    assert.deepEqual(await question, []);
    assert.deepEqual(await ended, [0, null]);
  });

  test('restores its bounds, also after two maximized ends', async () => {
    const bounds = { x: 200, y: 120, width: 900, height: 600 };
    const state = (electron: ElectronApplication) =>
      electron.evaluate(({ BrowserWindow }) => {
        const window = BrowserWindow.getAllWindows()[0]!;
        return { maximized: window.isMaximized(), bounds: window.getBounds() };
      });
    app = await launch(folder, { lab: 'bounds' });
    await pageOf(app);
    await app.evaluate(({ BrowserWindow }, to) => {
      BrowserWindow.getAllWindows()[0]!.setBounds(to);
    }, bounds);
    while ((await state(app)).bounds.width !== bounds.width) await pause();
    const { bounds: normal } = await state(app);
    await app.evaluate(({ BrowserWindow }) => {
      BrowserWindow.getAllWindows()[0]!.maximize();
    });
    while (!(await state(app)).maximized) await pause();
    for (let start = 0; start < 2; start++) {
      await finish(app);
      app = await launch(folder, { lab: 'bounds' });
      await pageOf(app);
      while (!(await state(app)).maximized) await pause();
    }
    await app.evaluate(({ BrowserWindow }) => {
      BrowserWindow.getAllWindows()[0]!.unmaximize();
    });
    while ((await state(app)).maximized) await pause();
    while ((await state(app)).bounds.width !== normal.width) await pause();
    assert.deepEqual((await state(app)).bounds, normal);
  });
});
