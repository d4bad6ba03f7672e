import type { DeviceView } from '../../core/lab/api.ts';
import { HERE } from '../../core/study/place.ts';
import type { Lab } from './lab.svelte.ts';

/** The devices of the lab's machine for one component, read again when slots come, go or break. */
export class Devices {
  current = $state.raw<readonly DeviceView[]>([]);

  constructor(lab: Lab) {
    const slots = $derived(
      lab.slots.map(({ name, state }) => `${name} ${state === 'broken'}`).join(),
    );
    $effect(() => {
      void slots;
      lab.request('devices.list', {}).then(
        (found) => (this.current = found),
        () => undefined, // the banner shows that the connection is lost
      );
    });
  }

  /** NVIDIA's of the lab's own machine, those that compute nothing yet included. */
  get cards(): readonly DeviceView[] {
    return this.current.filter(
      ({ kind, present, machine }) => kind === 'gpu' && present && machine === HERE,
    );
  }
}
