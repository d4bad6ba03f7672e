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

/** How many slots a card gets, and why. */
export interface SlotChoice {
  readonly slots: number;
  readonly reason: string;
}

/**
 * Cards as `nvidia-smi` lists them, none where it is missing or fails. CUDA_VISIBLE_DEVICES narrows them down, by numbers (0,2)
 * or beginnings of names (GPU-6f3c).
 */
export async function findCards(
  environment: Record<string, string | undefined> = process.env,
): Promise<Card[]> {
  const query = ['--query-gpu=index,uuid,name,memory.total', '--format=csv,noheader,nounits'];
  const output = await promisify(execFile)('nvidia-smi', query, { timeout: PATIENCE, env: environment }).then(
    ({ stdout }) => stdout,
    () => '',
  );
  const allowed = environment.CUDA_VISIBLE_DEVICES?.split(',').map((word) => word.trim());
  return parseCards(output).filter(
    ({ index, uuid }) =>
      allowed?.some((word) => word === String(index) || (/^GPU-/.test(word) && uuid.startsWith(word))) ??
      true,
  );
}

/** `0, GPU-6f3c..., NVIDIA H100 80GB HBM3, 81559` */
export function parseCards(output: string): Card[] {
  return output.split('\n').flatMap((line) => {
    const [index = '', uuid = '', title = '', memory = ''] = line.split(',').map((word) => word.trim());
    if (!/^\d+$/.test(index) || title === '') return [];
    const bytes = /^\d+$/.test(memory) ? Number(memory) * 2 ** 20 : null;
    return [{ index: Number(index), uuid, title, memory: bytes }];
  });
}

/** Devices with those that have disappeared marked, those that came back present again, and new ones added. */
export function withFound(known: readonly Device[], found: readonly Device[]): Device[] {
  const kept = known.map((device) => ({
    ...device,
    present: found.some(({ name }) => name === device.name),
  }));
  return [...kept, ...found.filter(({ name }) => !known.some((device) => device.name === name))];
}
