// npm run pack: packages of the app for this platform into out/packages. `npm run pack -- --dir` makes only the folder of the
// app. Plain JavaScript for Node 18 and newer.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findElectron } from './electron.js';
import { packageConfiguration } from './packaging.js';
import { checkout, pinnedNode, runPinned } from './runtime.js';
import { ensureSetupOrExit } from './setup.js';
import { ensureWindowOrExit } from './window.js';

process.chdir(checkout);
await ensureSetupOrExit({ engine: false }); // users of a package install the engine from within the app
const electronDist = await electronFolder();
await ensureWindowOrExit();
if ((await runPinned(checkout, [join(checkout, 'build', 'shell.js')])) !== 0) process.exit(1);

const { build, Platform } = await import('electron-builder');
const made = await build({
  targets: Platform.current().createTarget(process.argv.includes('--dir') ? 'dir' : null),
  projectDir: checkout,
  publish: 'never',
  config: packageConfiguration({ node: pinnedNode(checkout), output: 'out/packages', electronDist }),
});
console.log(made.length > 0 ? made.join('\n') : 'The app is in out/packages.');

/** Folder of an unpacked Electron; ends the process where none can be had. */
async function electronFolder() {
  // Packing needs no screen, which is the first thing that `npm start` asks for.
  const found = await findElectron(checkout, { DISPLAY: ':0', ...process.env });
  if (!('binary' in found)) {
    console.error(`There is nothing to pack: ${found.why}.`);
    console.error('Unpack an Electron of the version in package.json for this platform and name its folder:');
    console.error('ELECTRON_OVERRIDE_DIST_PATH=/path/to/electron npm run pack');
    process.exit(1);
  }
  const levels = process.platform === 'darwin' ? 4 : 1; // Electron.app/Contents/MacOS/Electron
  let folder = found.binary;
  for (let level = 0; level < levels; level++) folder = dirname(folder);
  if (!existsSync(folder)) throw new Error(`${folder} has gone.`);
  return folder;
}
