/**
 * A lab that works on one study on other machines until it is done; meant to be killed. Arguments:
 * lab file, a `LabKey` as JSON, trials, ids of the machines.
 */
import { paperSpace } from '../../core/graph/space.ts';
import { Machines } from '../../core/machines/machines.ts';
import { Scheduler } from '../../core/search/scheduler.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { newStudy, training } from '../contract/samples.ts';
import { type LabKey, dialAsLab } from '../machines/broker.ts';
import { nowhere } from '../machines/support.ts';

const [file = '', key = '', trials = '', ...ids] = process.argv.slice(2);
const labKey = JSON.parse(key) as LabKey;
const store = openLabFile(file);
const broker = { lab: labKey.lab, labConnection: () => dialAsLab(labKey) };
const machines = await Machines.join(nowhere(), broker, {
  lookTime: 200,
  handEvery: 1,
  // Frozen agents come back after their leases: their attempts must be fenced.
  leases: { unreachable: 5, lost: 15, closed: 5 },
});
for (const id of ids) machines.add({ id, name: id });
let onEvent = (): void => undefined;
const scheduler = new Scheduler(store, machines, {
  delayDivisor: 100,
  checkpointEvery: 0,
  onEvent: () => {
    onEvent();
  },
});
const [known] = store.studies();
const { id } =
  known ??
  store.addStudy(
    newStudy('Soak', {
      trials: Number(trials),
      space: { ...paperSpace(2, 'resnet8', ['resnet8', 'wrn-10-1']), frozen: false },
      training: training({ epochs: 16 }),
      duplicates: 'train',
      retries: 100,
    }),
  );
scheduler.open();
if (!known) scheduler.resume({ study: id });
console.log('open');
await new Promise<void>((resolve) => {
  onEvent = () => {
    const { state } = store.study(id);
    if (state === 'paused') throw new Error(store.study(id).problem?.message);
    if (state === 'completed') resolve();
  };
  onEvent();
});
await scheduler.close('save');
await machines.close();
store.close();
