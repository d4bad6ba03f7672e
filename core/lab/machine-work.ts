import type { MachineView } from '../machines/machine-view.ts';
import { trainingOf } from '../search/owner.ts';
import type { Store } from '../store/store.ts';
import type { Place } from '../study/place.ts';

/** True while a study, re-run or pretraining may need another slot of a machine. */
export function hasWorkFor(store: Store, machine: MachineView): boolean {
  const records = [...store.studies(), ...store.reruns()];
  return (
    records.some(
      (record) => record.state === 'running' && mayTrainOn(trainingOf(record).place, machine),
    ) || store.runIds({ kind: 'pretrain', states: ['waiting', 'running'] }).length > 0
  );
}

/** Devices of a machine are unknown before its first agent has come in. */
function mayTrainOn(place: Place = {}, { id, agents }: Pick<MachineView, 'id' | 'agents'>) {
  const titles = agents.flatMap(({ devices }) => devices.map(({ title }) => title));
  return (
    (place.machine === undefined || place.machine === id) &&
    (place.device === undefined || titles.length === 0 || titles.includes(place.device))
  );
}
