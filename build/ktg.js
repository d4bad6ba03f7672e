#!/usr/bin/env node
// The command `ktg`. `node build/ktg.js --run FILE ARGS` runs another program of the project with
// the same set-up. Plain JavaScript for Node 18 and newer.
import { resolve } from 'node:path';
import { cli, runProgram } from './runtime.js';
import { ensureSetupOrExit } from './setup.js';
import { ensureWindowOrExit } from './window.js';

const args = process.argv.slice(2);
await ensureSetupOrExit({ engine: false }); // `ktg engine` manages the library
if (args[0] === 'serve') await ensureWindowOrExit();
if (args[0] === '--run' && args[1]) await runProgram(resolve(args[1]), args.slice(2));
else await runProgram(cli, args);
