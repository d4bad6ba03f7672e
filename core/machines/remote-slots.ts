import type { Device } from '../devices/device.ts';
import { deviceOfSlot } from '../devices/names.ts';
import type { Slot } from '../search/runner.ts';
import { slotNames } from '../workers/placement.ts';

/** What the states of a machine's slots follow from; names are those of its agent. */
export interface RemoteSlotFacts {
  devices: readonly Device[];
  /** The agent's own slots, at its last word. */
  agent: ReadonlyMap<string, Slot>;
  /** Slots with a job of the lab. */
  busy: ReadonlySet<string>;
  /** Slots on which a job ends, or goes on without the lab. */
  ending: ReadonlySet<string>;
  /** Why no slot takes a run now; '' when they do. */
  absent: string;
  isDraining: boolean;
}

/** The slots of a machine as the scheduler sees them, without the machine's name. Pure. */
export function remoteSlots(facts: RemoteSlotFacts): Slot[] {
  const { devices, busy } = facts;
  const placed = devices
    .filter(({ present }) => present)
    .flatMap(({ name, slots }) =>
      slotNames(name, slots).map((slot) => ({ name: slot, device: name, ...stateOf(slot, facts) })),
    );
  const names = new Set(placed.map(({ name }) => name));
  const leaving = [...busy]
    .filter((name) => !names.has(name))
    .map((name): Slot => ({ name, device: deviceOfSlot(name), state: 'retired', problem: '' }));
  return [...placed, ...leaving];
}

function stateOf(name: string, facts: RemoteSlotFacts): Pick<Slot, 'state' | 'problem'> {
  if (facts.busy.has(name)) return { state: facts.isDraining ? 'retired' : 'busy', problem: '' };
  if (facts.isDraining) return { state: 'retired', problem: '' };
  if (facts.absent !== '') return { state: 'starting', problem: facts.absent };
  const own = facts.agent.get(name);
  // A job that the lab no longer has is on it until the agent says otherwise.
  if (facts.ending.has(name) || !own || own.state === 'busy')
    return { state: 'starting', problem: '' };
  return { state: own.state, problem: own.problem };
}
