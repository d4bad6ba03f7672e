// npm run pack: see its help. Plain JavaScript for Node 18 and newer.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findElectron } from './electron.js';
import { helpIfAsked } from './help.js';
import { packageConfiguration, packageTargets } from './packaging.js';
import { checkout, pinnedNode, runPinned } from './runtime.js';
import { ensureSetupOrExit } from './setup.js';
import { debTool, makeEach, unpackedFolder } from './targets.js';
import { ensureWindowOrExit } from './window.js';

helpIfAsked(`npm run pack             makes the app's packages for this platform in out/packages
npm run pack -- --dir    only makes the folder of the app

ELECTRON_OVERRIDE_DIST_PATH=FOLDER names the folder of an unpacked Electron.`);
process.chdir(checkout);
// Users of a package install the engine inside the app.
await ensureSetupOrExit({ engine: false });
const electronDist = await electronFolder();
await ensureWindowOrExit();
if ((await runPinned(checkout, [join(checkout, 'build', 'shell.js')])) !== 0) process.exit(1);

const { build, Platform } = await import('electron-builder');
const output = 'out/packages';
const { made, failed } = process.argv.includes('--dir') ? await folderOnly() : await packages();
for (const line of made) console.log(line);
for (const line of failed) console.error(line);
process.exit(failed.length > 0 ? 1 : 0);

async function folderOnly() {
  await make('dir');
  return { made: [`The app is in ${output}.`], failed: [] };
}

/**
 * On Linux all packages come from one folder; each may fail alone when a downloaded tool is
 * missing.
 */
async function packages() {
  const onLinux = process.platform === 'linux';
  const folder = onLinux ? (await folderOnly()).made : [];
  if (onLinux) Object.assign(process.env, debTool(checkout, process.env));
  const prepackaged = onLinux ? join(checkout, output, unpackedFolder(process.arch)) : null;
  const targets = packageTargets[/** @type {keyof typeof packageTargets} */ (process.platform)];
  const { made, failed } = await makeEach(targets, (target) => make(target, prepackaged));
  return { made: [...folder, ...made], failed };
}

/**
 * @param {string} target
 * @param {string | null} [prepackaged] folder of the app, if it exists
 */
function make(target, prepackaged = null) {
  return build({
    targets: Platform.current().createTarget(target),
    projectDir: checkout,
    publish: 'never',
    prepackaged,
    // `build` changes this object, so each call gets its own.
    config: packageConfiguration({ node: pinnedNode(checkout), output, electronDist }),
  });
}

/** Returns the folder of an unpacked Electron; ends the process without one. */
async function electronFolder() {
  // Packing needs no screen, but findElectron requires one.
  const found = await findElectron(checkout, { DISPLAY: ':0', ...process.env });
  if (!('binary' in found)) {
    console.error(`There is nothing to pack: ${found.why}.`);
    console.error(
      'Unpack an Electron of the version in package.json for this platform and name its folder:',
    );
    console.error('ELECTRON_OVERRIDE_DIST_PATH=/path/to/electron npm run pack');
    process.exit(1);
  }
  const levels = process.platform === 'darwin' ? 4 : 1; // Electron.app/Contents/MacOS/Electron
  let folder = found.binary;
  for (let level = 0; level < levels; level++) folder = dirname(folder);
  if (!existsSync(folder)) throw new Error(`${folder} has gone.`);
  return folder;
}
