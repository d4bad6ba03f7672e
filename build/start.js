// npm start: installs what is missing, then opens the app: on the desktop, or in a browser without
// Electron. Plain JavaScript for Node 18 and newer.
import { findElectron } from './electron.js';
import { checkout, cli, runProgram } from './runtime.js';
import { sandboxObstacle } from './sandbox.js';
import { ensureSetupOrExit } from './setup.js';
import { ensureWindowOrExit } from './window.js';

await ensureSetupOrExit();
await ensureWindowOrExit();
const electron = await findElectron(checkout);
const why = 'why' in electron ? electron.why : sandboxObstacle(electron.binary);
if ('binary' in electron && why === null) {
  const { startApp } = await import('./app.js');
  process.exit(await startApp(electron.binary, process.argv.slice(2)));
}
console.error(`The app opens in your browser:\n${why}.\n`);
await runProgram(cli, ['serve', ...process.argv.slice(2)]);
