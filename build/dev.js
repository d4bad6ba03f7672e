// npm run dev: the app in the browser, with a page that reloads when a source of it changes. Options are
// those of `ktg serve`. Plain JavaScript for Node 18 and newer.
import { join } from 'node:path';
import { checkout, runPinned } from './runtime.js';
import { ensureSetupOrExit } from './setup.js';
import { ensureWindowOrExit } from './window.js';

await ensureSetupOrExit();
await ensureWindowOrExit(); // `ktg serve` wants a built page, although this one comes from its sources
process.exit(
  await runPinned(checkout, [join(checkout, 'build', 'dev-server.js'), ...process.argv.slice(2)]),
);
