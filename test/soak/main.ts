/**
 * `npm run soak [-- KILLS]`: kills as many labs with scripted workers, and as many labs and workers
 * of real processes.
 */
import { soak } from '../search/soak.ts';
import { workerSoak } from './workers.ts';

const kills = Number(process.argv[2] ?? 300);
const print = (line: string): void => {
  console.log(line);
};
console.log(`Scripted workers, ${kills} kills of the lab:`);
console.log(await soak(kills, 1, print));
console.log(`Real processes, ${kills} kills of labs and workers:`);
console.log(await workerSoak(kills, 1, print));
