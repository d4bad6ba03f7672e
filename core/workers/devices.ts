import { execFile } from 'node:child_process';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { promisify } from 'node:util';
import type { Device } from '../search/runner.ts';

/** Slots that one card may have: more than this never filled it better. */
const MOST_SLOTS_A_CARD = 8;
/** Milliseconds: the driver of a card that has fallen off the bus may never answer. */
const PATIENCE = 10_000;

/** A card as the driver lists it. */
export interface Card {
  index: number;
  /** `GPU-6f3c...`: CUDA finds it by this name whatever else is in the machine. */
  uuid: string;
  title: string;
  /** Bytes. */
  memory: number | null;
  /** Version of the driver; '' when unknown. */
  driver: string;
}

/** Cores that this process may use (affinity and container limits included). */
export const cores = (): number => availableParallelism();

/**
 * Devices of this machine. Cards compute where nothing is in the way, else one slot a core: with one thread each, they are
 * faster together than one slot with all threads.
 *
 * @param obstacle why the engine cannot use the cards, and what to do; null when it can
 * @param slotsOf a card that computes
 */
export function devicesFrom(
  cards: readonly Card[],
  obstacle: string | null,
  slotsOf: (card: Card) => SlotChoice,
): Device[] {
  const gpus = cards.map((card): Device => {
    const { slots, reason } = obstacle === null ? slotsOf(card) : { slots: 0, reason: obstacle };
    return {
      name: `gpu:${card.index}`,
      title: card.title,
      kind: 'gpu',
      memory: card.memory,
      slots: Math.min(slots, MOST_SLOTS_A_CARD),
      maximumSlots: obstacle === null ? MOST_SLOTS_A_CARD : 0,
      present: true,
      note: reason,
      uuid: card.uuid,
    };
  });
  const withCards = obstacle === null && gpus.length > 0;
  const cpu: Device = {
    name: 'cpu',
    title: cpus()[0]?.model.trim() ?? 'Processor',
    kind: 'cpu',
    memory: totalmem(),
    slots: withCards ? 0 : cores(),
    maximumSlots: cores(),
    present: true,
  };
  return [...gpus, cpu];
}

/** The portable engine computes on the processor alone, whatever cards there are. */
export function onProcessorAlone(devices: readonly Device[]): Device[] {
  if (!devices.some(computesOnCard)) return [...devices];
  const note = 'The portable engine is chosen, which computes on the processor.';
  return devices.map((device) =>
    device.kind === 'gpu'
      ? { ...device, slots: 0, maximumSlots: 0, note }
      : { ...device, slots: device.slots === 0 ? device.maximumSlots : device.slots },
  );
}

const computesOnCard = ({ kind, maximumSlots }: Device): boolean => kind === 'gpu' && maximumSlots > 0;

/** How many slots a card gets, and why. */
export interface SlotChoice {
  readonly slots: number;
  readonly reason: string;
}

/**
 * Cards as `nvidia-smi` lists them, none where it is missing or fails. CUDA_VISIBLE_DEVICES narrows them down, by numbers (0,2),
 * beginnings of names (GPU-6f3c) or the names of parts that a card was divided into (MIG-c6d4...).
 */
export async function findCards(
  environment: Record<string, string | undefined> = process.env,
): Promise<Card[]> {
  const ask = (...args: string[]): Promise<string> =>
    promisify(execFile)('nvidia-smi', args, { timeout: PATIENCE, env: environment }).then(
      ({ stdout }) => stdout,
      () => '',
    );
  const allowed = environment.CUDA_VISIBLE_DEVICES?.split(',').map((word) => word.trim());
  if (allowed?.some((word) => /^MIG-/.test(word)))
    return parseParts(await ask('-L')).filter(({ uuid }) => allowed.some((word) => uuid.startsWith(word)));
  const query = ['--query-gpu=index,uuid,name,memory.total,driver_version', '--format=csv,noheader,nounits'];
  return parseCards(await ask(...query)).filter(
    ({ index, uuid }) =>
      allowed?.some((word) => word === String(index) || (/^GPU-/.test(word) && uuid.startsWith(word))) ??
      true,
  );
}

/** `0, GPU-6f3c..., NVIDIA H100 80GB HBM3, 81559, 580.65.06` */
export function parseCards(output: string): Card[] {
  return output.split('\n').flatMap((line) => {
    const [index = '', uuid = '', title = '', memory = '', driver = ''] = line.split(',').map((word) => word.trim()); // prettier-ignore
    if (!/^\d+$/.test(index) || title === '') return [];
    const bytes = /^\d+$/.test(memory) ? Number(memory) * 2 ** 20 : null;
    return [{ index: Number(index), uuid, title, memory: bytes, driver }];
  });
}

/** `GPU 0: NVIDIA A100 (UUID: GPU-5d5b...)`, then for each of its parts `  MIG 1g.5gb     Device  0: (UUID: MIG-c6d4...)` */
function parseParts(output: string): Card[] {
  let card = '';
  const parts: Card[] = [];
  for (const line of output.split('\n')) {
    card = /^GPU \d+: (.+) \(UUID/.exec(line)?.[1] ?? card;
    const [, part, uuid] = /^\s+(MIG \S+).*\(UUID: (MIG-[^)]+)\)/.exec(line) ?? [];
    if (part !== undefined && uuid !== undefined)
      parts.push({ index: parts.length, uuid, title: `${card}, ${part}`, memory: null, driver: '' });
  }
  return parts;
}

/**
 * Devices with those that have disappeared marked, those that came back present again, and new ones added. Slots stay as
 * they were set, until cards that could not compute can, or the other way round: work then goes where it is found to go.
 */
export function withFound(known: readonly Device[], found: readonly Device[]): Device[] {
  const turned = known.some(
    (device) =>
      device.kind === 'gpu' &&
      found.some(({ name, maximumSlots }) => name === device.name && maximumSlots !== device.maximumSlots),
  );
  const [first, more] = turned ? [found, known] : [known, found];
  const rest = more.filter(({ name }) => !first.some((device) => device.name === name));
  return [...first, ...rest].map((device) => ({
    ...device,
    present: found.some(({ name }) => name === device.name),
  }));
}
