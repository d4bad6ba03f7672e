import type { Device } from '../devices/device.ts';

/** Cores and card of a slot, fixed when its process starts: TensorFlow reads them once. */
export interface Place {
  /** Name of the slot: `cpu:0`, `gpu:1:0`. */
  slot: string;
  device: string;
  /** CPU threads for its arithmetic. */
  threads: number;
  /** UUID (or number, where it has none) of the only card that it sees; null for none. */
  gpu: string | null;
}

/** Names of a device's slots: its own name and a number. */
export const slotNames = (device: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${device}:${index}`);

/**
 * Shares the machine out: CPU slots get equal shares of the cores, together never more than there
 * are; a GPU slot feeds its card and gets at least one.
 *
 * @param cores that this process may use
 */
export function placesFor(devices: readonly Device[], cores: number): Place[] {
  const gpuSlots = devices.reduce((sum, { kind, slots }) => sum + (kind === 'gpu' ? slots : 0), 0);
  return devices.flatMap(({ name, kind, slots, uuid }) =>
    slotNames(name, slots).map((slot, index) => ({
      slot,
      device: name,
      threads:
        kind === 'cpu' ? share(cores, slots, index) : Math.max(1, Math.floor(cores / gpuSlots)),
      gpu: kind === 'gpu' ? uuid || name.slice('gpu:'.length) : null,
    })),
  );
}

/** Part `index` of `total` dealt out to `parts` as evenly as whole numbers allow, at least 1. */
const share = (total: number, parts: number, index: number): number =>
  Math.max(1, Math.floor(total / parts) + (index < total % parts ? 1 : 0));

/** A worker's process as far as it occupies cores. */
export interface Occupant {
  slot: string;
  device: string;
  threads: number;
}

/**
 * Why a slot cannot start its process yet: others of its device, started when there were fewer
 * slots, still use the cores that it is to have. '' when it can.
 */
export function waitsFor(place: Place, occupants: readonly Occupant[], cores: number): string {
  if (place.gpu !== null) return '';
  const others = occupants.filter(
    ({ device, slot }) => device === place.device && slot !== place.slot,
  );
  const used = others.reduce((sum, { threads }) => sum + threads, 0);
  if (used + place.threads <= cores) return '';
  const names = others.map(({ slot, threads }) => `${slot} uses ${threads}`).join(', ');
  return `The slot waits for a core: ${names} of ${cores} until its run ends.`;
}

/**
 * Variables of the process in a place. An empty list of cards hides them all. Cards go by their
 * UUIDs: CUDA counts them in another order than the driver's tools, and CUDA MPS from 0 again.
 *
 * @param sharing what workers of cards need beside that, to compute at the same time (`shareCards`)
 */
export const environmentFor = (
  { threads, gpu }: Place,
  sharing: Readonly<Record<string, string>> = {},
): Record<string, string> => ({
  ...(gpu !== null && sharing),
  CUDA_VISIBLE_DEVICES: gpu ?? '',
  CUDA_DEVICE_ORDER: 'PCI_BUS_ID', // for a card without one: in the driver's order
  TF_NUM_INTRAOP_THREADS: String(threads), // the engine decides how many operations share them
  // Libraries below TensorFlow that count cores by themselves.
  OMP_NUM_THREADS: String(threads),
  ...largePages(),
});

/**
 * Returns the variable with which glibc asks for large pages: a step runs over some hundred MiB, and
 * fewer pages cost fewer misses of their addresses. A process reads it once, when it starts. Other C
 * libraries ignore it; the user's own choice is kept.
 */
export function largePages(given = process.env.GLIBC_TUNABLES): { GLIBC_TUNABLES: string } {
  const name = 'glibc.malloc.hugetlb';
  if (given?.includes(name)) return { GLIBC_TUNABLES: given };
  return { GLIBC_TUNABLES: [...(given ? [given] : []), `${name}=1`].join(':') };
}
