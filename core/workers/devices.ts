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
  title: string;
  /** Bytes. */
  memory: number | null;
}

/** Cores that this process may use (affinity and container limits included). */
export const cores = (): number => availableParallelism();

/**
 * Devices of this machine. One slot a card where the engine can use cards, else one a core: with one thread each, they
 * are faster together than one slot with all threads.
 *
 * @param usable whether the installed engine computes on cards
 * @param slotsOf a card that computes, where it is to have more than one
 */
export function devicesFrom(
  cards: readonly Card[],
  usable: boolean,
  slotsOf: (card: Card) => number = () => 1,
): Device[] {
  const gpus = cards.map((card): Device => ({
    name: `gpu:${card.index}`,
    title: card.title,
    kind: 'gpu',
    memory: card.memory,
    slots: usable ? Math.min(slotsOf(card), MOST_SLOTS_A_CARD) : 0,
    maximumSlots: usable ? MOST_SLOTS_A_CARD : 0,
    present: true,
  }));
  const withCards = usable && gpus.length > 0;
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

/** Cards as `nvidia-smi` lists them, none where it is missing or fails. CUDA_VISIBLE_DEVICES=0,2 narrows them down. */
export async function findCards(
  environment: Record<string, string | undefined> = process.env,
): Promise<Card[]> {
  const query = ['--query-gpu=index,name,memory.total', '--format=csv,noheader,nounits'];
  const output = await promisify(execFile)('nvidia-smi', query, { timeout: PATIENCE }).then(
    ({ stdout }) => stdout,
    () => '',
  );
  const allowed = environment.CUDA_VISIBLE_DEVICES?.split(',').map((word) => word.trim());
  return parseCards(output).filter(({ index }) => !allowed || allowed.includes(String(index)));
}

/** `0, NVIDIA H100 80GB HBM3, 81559` */
export function parseCards(output: string): Card[] {
  return output.split('\n').flatMap((line) => {
    const [index = '', title = '', memory = ''] = line.split(',').map((word) => word.trim());
    if (!/^\d+$/.test(index) || title === '') return [];
    const megabytes = /^\d+$/.test(memory) ? Number(memory) : null;
    return [{ index: Number(index), title, memory: megabytes === null ? null : megabytes * 2 ** 20 }];
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
