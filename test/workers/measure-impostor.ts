/**
 * Pretends to be a measuring worker: every step takes 2 ms. Each worker leaves a file in the folder
 * KTG_TEST_WORKERS while it lives; the eighth that begins in one cache finds no memory.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';

const file = join(process.env.KTG_TEST_WORKERS!, String(process.pid));
writeFileSync(file, process.env.CUDA_VISIBLE_DEVICES!);
process.on('exit', () => {
  rmSync(file, { force: true });
});
mkdirSync(process.env.KTG_COMPILED!, { recursive: true });
writeFileSync(join(process.env.KTG_COMPILED!, String(process.pid)), '');
console.log('Words of a library between the lines.');
if (process.argv[2]!.includes('"steps":1,')) {
  console.error('no kernel image');
  process.exit(3);
}
if (readdirSync(process.env.KTG_COMPILED!).length > 7) process.send!({ problem: 'out of memory' });
process.send!('ready');
await once(process, 'message');
process.send!({ device: 'card', compileSeconds: 1, msPerStep: 2, repeats: true });
await once(process, 'message');
process.disconnect();
