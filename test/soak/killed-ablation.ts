/**
 * A lab over real processes that works on the ablation of a lab file until it is done; meant to be
 * killed. Arguments: file, slots.
 */
import type { RerunView } from '../../core/lab/api.ts';
import { Lab } from '../../core/lab/lab.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { noEngine } from '../lab/support.ts';
import { soakPool } from './killed-lab.ts';

const [file = '', slots = '1'] = process.argv.slice(2);
const lab = new Lab({
  store: openLabFile(file),
  runner: soakPool(Number(slots)),
  version: '0.0.0',
  revision: null,
  scheduler: { delayDivisor: 1000, checkpointEvery: 0 },
  engine: noEngine,
});
process.stdout.write('open\n');
const all = await lab.request('reruns.list', {});
const { id: rerun, state } = all.find((view) => view.rerun.ablation !== null)!.rerun;
const done = Promise.withResolvers<undefined>();
const look = (view: RerunView): void => {
  if (view.rerun.id === rerun && view.rerun.state === 'completed') done.resolve(undefined);
};
lab.subscribe(['reruns'], (event) => {
  if (event.type === 'rerun') look(event.rerun);
});
if (state === 'ready') await lab.request('reruns.resume', { rerun });
look(await lab.request('reruns.open', { rerun }));
await done.promise;
await lab.close();
