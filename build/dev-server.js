// The two servers of `npm run dev`: the lab, and the page from its sources. Runs under the pinned Node.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { createServer } from 'vite';
import { checkout, cli } from './runtime.js';

const lab = spawn(process.execPath, [cli, 'serve', '--json', ...process.argv.slice(2)], {
  cwd: checkout,
  stdio: ['ignore', 'pipe', 'inherit'],
});
// In a terminal Ctrl-C reaches the lab directly; a second copy would mean "at once".
process.on('SIGINT', () => process.stdin.isTTY || lab.kill('SIGINT'));
process.on('SIGTERM', () => lab.kill('SIGTERM'));
const [line] = await Promise.race([
  once(createInterface(lab.stdout), 'line'),
  once(lab, 'exit').then(([code]) => process.exit(code ?? 1)),
]);
const { url } = JSON.parse(String(line));
const { origin, hash } = new URL(url);

const page = await createServer({
  configFile: 'renderer/vite.config.ts',
  server: {
    host: '127.0.0.1',
    // The lab admits only its own host and origin: the proxy speaks in their name.
    proxy: { '/lab': { target: origin, ws: true, changeOrigin: true, rewriteWsOrigin: true } },
  },
});
await page.listen();
console.log(`The page reloads when you save. Open ${page.resolvedUrls?.local[0] ?? ''}${hash}`);

const [code] = await once(lab, 'exit'); // it has saved what it trains
await page.close();
process.exit(code ?? 0);
