// npm start: set up what is missing, then show what the lab does. Plain JavaScript for Node 18 and newer.
import { cli, runProgram } from './runtime.js';
import { ensureSetupOrExit } from './setup.js';

await ensureSetupOrExit();
await runProgram(cli, ['demo', ...process.argv.slice(2)]);
