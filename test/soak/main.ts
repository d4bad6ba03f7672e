import { helpIfAsked } from '../../build/help.js';
import { soak } from '../search/soak.ts';
import { machineSoak } from './machines.ts';
import { timeLimit } from './time-limit.ts';
import { workerSoak } from './workers.ts';

helpIfAsked(`npm run soak                               as: npm run soak -- 300
npm run soak -- KILLS                      kills so many labs with scripted workers, and so many
                                           labs and workers of real processes
npm run soak -- machines [MINUTES TRIALS]  kills agents, brokers and labs (default: 10 minutes,
                                           500 trials)
npm run soak -- time-limit                 ends a job of a cluster at its time limit`);

const print = (line: string): void => {
  console.log(line);
};
const [first = '300', ...rest] = process.argv.slice(2);
if (first === 'machines') {
  const [minutes = 10, trials = 500] = rest.map(Number);
  console.log(`Three agents, ${trials} trials, disturbed for at most ${minutes} minutes:`);
  console.log(await machineSoak(minutes, trials, 1, print));
} else if (first === 'time-limit') {
  await timeLimit();
} else {
  const kills = Number(first);
  console.log(`Scripted workers, ${kills} kills of the lab:`);
  console.log(await soak(kills, 1, print));
  console.log(`Real processes, ${kills} kills of labs and workers:`);
  console.log(await workerSoak(kills, 1, print));
}
