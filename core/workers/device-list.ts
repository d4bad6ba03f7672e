import type { Step } from '../base/actions.ts';
import { LabError } from '../base/errors.ts';
import type { Device } from '../devices/device.ts';
import { onProcessorAlone, withFound } from '../devices/devices.ts';
import type { Place } from './placement.ts';

/** The devices of this machine with the slots that they have. */
export class DeviceList {
  #devices: readonly Device[];
  readonly #look: ((afresh: boolean) => Promise<readonly Device[]>) | undefined;

  /**
   * @param look looks at the devices again, `afresh` also at the engine's library; without it they
   * stay as they are
   */
  constructor(devices: readonly Device[], look?: (afresh: boolean) => Promise<readonly Device[]>) {
    this.#devices = devices.map((device) => ({ ...device }));
    this.#look = look;
  }

  all(): readonly Device[] {
    return this.#devices;
  }

  /** Devices that have not disappeared. */
  present(): Device[] {
    return this.#devices.filter(({ present }) => present);
  }

  /** Throws LabError `workers.unknown-device`, `workers.too-many-slots`. */
  setSlots(name: string, count: number): void {
    const device = this.#devices.find((each) => each.name === name);
    if (!device) throw unknownDevice(name, this.#devices);
    if (!Number.isInteger(count) || count < 0 || count > device.maximumSlots)
      throw tooManySlots(device, count);
    this.#change((each) => (each === device ? { ...each, slots: count } : each));
  }

  get hasSharedCard(): boolean {
    return this.#devices.some(isSharedCard);
  }

  /** True of a slot whose card has other slots. */
  shares({ gpu, device }: Place): boolean {
    return gpu !== null && this.#devices.some(({ name, slots }) => name === device && slots > 1);
  }

  /** Leaves one slot a card: more of them would only take turns. */
  oneSlotACard(reason: string): void {
    this.#change((each) => (isSharedCard(each) ? { ...each, slots: 1, note: reason } : each));
  }

  /** Takes the slots from all cards, for the portable engine. */
  leaveCards(): void {
    this.#devices = onProcessorAlone(this.#devices);
  }

  /** Looks at the devices again. Returns true when something has changed. */
  async look(afresh: boolean, isPortable: () => boolean): Promise<boolean> {
    if (!this.#look) return false;
    const found = await this.#look(afresh);
    const before = statesOf(this.#devices);
    this.#devices = withFound(this.#devices, isPortable() ? onProcessorAlone(found) : found);
    return before !== statesOf(this.#devices);
  }

  #change(change: (device: Device) => Device): void {
    this.#devices = this.#devices.map(change);
  }
}

const isSharedCard = ({ kind, present, slots }: Device): boolean =>
  kind === 'gpu' && present && slots > 1;

const statesOf = (devices: readonly Device[]): string =>
  devices.map(({ name, present, maximumSlots }) => `${name} ${present} ${maximumSlots}`).join();

const unknownDevice = (name: string, devices: readonly Device[]): LabError =>
  new LabError('workers.unknown-device', {
    name: name.slice(0, 60),
    devices: devices.map((each) => each.name).join(', '),
  });

const tooManySlots = (device: Device, count: number): LabError =>
  new LabError('workers.too-many-slots', {
    device: device.title,
    limit: device.maximumSlots,
    count,
    steps: slotSteps(device),
  });

function slotSteps({ kind, maximumSlots, obstacle, note }: Device): readonly Step[] {
  if (kind === 'cpu') return ['One slot per core is fastest.'];
  if (maximumSlots > 0) return ['Choose fewer.'];
  return obstacle
    ? [obstacle.message, ...(obstacle.steps ?? [obstacle.next])]
    : [note ?? 'Use the slots of the processor.'];
}
