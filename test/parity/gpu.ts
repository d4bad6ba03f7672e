import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * `npm run parity:gpu`: every fixture on the card, compiled in float32 (TF32 off) as the tolerances ask, then the same
 * once more with --deterministic; exit status 1 when anything failed. A process each: settings are read once.
 */
const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const passed = [[], ['--deterministic']].map((extra) => {
  console.log(`\nOn the card, float32${extra.length > 0 ? ', deterministic' : ''}`);
  const args = [main, '--device', 'gpu', '--compiler', 'xla', '--precision', 'float32', ...extra];
  return spawnSync(process.execPath, [...args, ...process.argv.slice(2)], { stdio: 'inherit' }).status === 0;
});
process.exitCode = passed.every(Boolean) ? 0 : 1;
