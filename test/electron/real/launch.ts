/** Starts the real app in a real Electron. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';

export const binary = process.env.KTG_ELECTRON ?? '';
export const checkout = fileURLToPath(new URL('../../..', import.meta.url));

/** Milliseconds that an app gets to save and end before it is killed. */
const LEAVING = 20_000;

/** Why nothing is tested; false when there is an Electron that can be. */
export const skip = ((): string | false => {
  if (binary === '')
    return 'NOT TESTED: no Electron was named (KTG_ELECTRON=/path/to/electron npm run test:electron)';
  if (process.getuid?.() === 0)
    return 'NOT TESTED: Electron has no sandbox as root; run this as an ordinary user';
  return false;
})();
if (skip) console.warn(`\n*** ${skip} ***\n`);

/** Builds window and shell as `npm start` does. */
export function buildApp(): void {
  for (const script of ['build/window.js', 'build/shell.js']) {
    const { status } = spawnSync(process.execPath, [script], { cwd: checkout, stdio: 'inherit' });
    assert.equal(status, 0, script);
  }
}

/** Arguments of a start on a lab file in `folder`, where the app keeps everything else too. */
export const argumentsIn = (folder: string, lab = 'lab'): string[] => [
  `--lab=${join(folder, `${lab}.sqlite`)}`,
  `--user-data-dir=${join(folder, 'user')}`,
];

export const environmentIn = (folder: string): Record<string, string> => ({
  ...(process.env as Record<string, string>),
  KTG_HOME: folder,
  KTG_NODE: process.execPath,
});

interface Start {
  lab?: string;
  /** Playwright turns the sandbox off unless it is told not to. */
  sandbox?: boolean;
  /** Folder of the app. */
  from?: string;
}

export async function launch(folder: string, start: Start = {}): Promise<ElectronApplication> {
  const { lab, sandbox = true, from = checkout } = start;
  return _electron.launch({
    executablePath: binary,
    chromiumSandbox: sandbox,
    colorScheme: null, // or the page is told another one than the system's
    args: [from, ...argumentsIn(folder, lab)],
    env: environmentIn(folder),
  });
}

/** The app's page, when it is there. */
export async function pageOf(app: ElectronApplication): Promise<Page> {
  const page = await app.firstWindow();
  await page.locator('main').waitFor();
  return page;
}

/** Ends an app as a system that shuts down does; it asks nothing then. Returns its exit code. */
export async function finish(app: ElectronApplication | undefined): Promise<number | null> {
  const program = app?.process();
  if (!program) return null;
  if (program.exitCode === null && program.signalCode === null) {
    const late = setTimeout(() => program.kill('SIGKILL'), LEAVING);
    const ended = once(program, 'exit');
    program.kill('SIGTERM');
    await ended;
    clearTimeout(late);
  }
  return program.exitCode;
}

/** Boxes answer themselves from now on with the button of this number; tells what they said. */
export async function answer(
  app: ElectronApplication,
  button: number,
): Promise<() => Promise<string[]>> {
  await app.evaluate(({ dialog }, response) => {
    const said: string[] = [];
    Object.assign(globalThis, { said });
    dialog.showMessageBox = (...given: unknown[]) => {
      said.push((given.at(-1) as { message: string }).message);
      return Promise.resolve({ response, checkboxChecked: false });
    };
  }, button);
  return () => app.evaluate(() => (globalThis as unknown as { said: string[] }).said);
}

/** Our app, whose questions answer themselves from the start with `button`; `said` tells them. */
export function appThatAnswers(folder: string, button: number): string {
  const path = join(folder, `answers-${button}`);
  mkdirSync(path);
  const main = pathToFileURL(join(checkout, 'dist', 'electron', 'main.js')).href;
  writeFileSync(join(path, 'package.json'), '{"name":"ktg-lab","type":"module","main":"main.js"}');
  writeFileSync(
    join(path, 'main.js'),
    `import { dialog } from 'electron';
globalThis.said = [];
dialog.showMessageBox = (...given) => {
  globalThis.said.push(given.at(-1).message);
  return Promise.resolve({ response: ${button}, checkboxChecked: false });
};
await import(${JSON.stringify(main)});
`,
  );
  return path;
}

export const said = (app: ElectronApplication): Promise<string[]> =>
  app.evaluate(() => (globalThis as unknown as { said: string[] }).said);
