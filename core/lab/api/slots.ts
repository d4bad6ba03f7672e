import type { Device } from '../../devices/device.ts';
import type { Progress, Slot } from '../../search/runner.ts';
import type { DevicePlace } from '../../study/place.ts';

/** A device, its machine ('' for the lab's own), and the engine there ('' when unknown). */
export interface DeviceView extends Device, Pick<DevicePlace, 'machine' | 'engine'> {}

export interface SlotView extends Slot {
  /** Device's title. */
  deviceTitle: string;
  run: number | null;
  /** `Study "M3", trial 17`. */
  title: string;
  study: number | null;
  rerun: number | null;
  epoch: number;
  epochs: number;
  accuracy: number | null;
  progress: Progress | null;
}
