import { availableParallelism, cpus, totalmem } from 'node:os';
import type { LabProblem } from '../base/problem.ts';
import type { Device } from './device.ts';
import type { Card } from './cards.ts';

/** Most slots of one card: more never increased its throughput in measurements. */
const MAX_SLOTS_A_CARD = 8;

/** Returns the cores of this process (affinity and container limits included). */
export const cores = (): number => availableParallelism();

/**
 * Returns the devices of this machine. Cards compute when the engine can use them, else the
 * processor with one slot per core: slots of one thread each are faster together than one slot with
 * all threads.
 *
 * @param obstacleTo why the engine cannot use a card, with the next step; null when it can. Called
 * with null when there is no card
 * @param slotsOf the slots of a card that computes
 */
export function devicesFrom(
  cards: readonly Card[],
  obstacleTo: (card: Card | null) => LabProblem | null,
  slotsOf: (card: Card) => SlotChoice,
): Device[] {
  const gpus = cards.map((card): Device => {
    const obstacle = obstacleTo(card);
    const { slots, reason } =
      obstacle === null ? slotsOf(card) : { slots: 0, reason: sentencesOf(obstacle) };
    return {
      name: `gpu:${card.index}`,
      title: card.title,
      kind: 'gpu',
      memory: card.memory,
      slots: Math.min(slots, MAX_SLOTS_A_CARD),
      maximumSlots: obstacle === null ? MAX_SLOTS_A_CARD : 0,
      present: true,
      note: reason,
      ...(obstacle !== null && { obstacle }),
      uuid: card.uuid,
    };
  });
  const missed = cards.length === 0 ? obstacleTo(null) : null;
  const cpu: Device = {
    name: 'cpu',
    title: cpus()[0]?.model.trim() ?? 'Processor',
    kind: 'cpu',
    memory: totalmem(),
    slots: gpus.some(computesOnCard) ? 0 : cores(),
    maximumSlots: cores(),
    present: true,
    ...(missed !== null && { note: sentencesOf(missed), obstacle: missed }),
  };
  return [...gpus, cpu];
}

/** Returns the devices for the portable engine, which computes only on the processor. */
export function onProcessorAlone(devices: readonly Device[]): Device[] {
  if (!devices.some(computesOnCard)) return [...devices];
  const note = 'The portable engine is selected; it computes on the processor.';
  return devices.map((device) =>
    device.kind === 'gpu'
      ? { ...device, slots: 0, maximumSlots: 0, note }
      : { ...device, slots: device.slots === 0 ? device.maximumSlots : device.slots },
  );
}

const computesOnCard = ({ kind, maximumSlots }: Device): boolean =>
  kind === 'gpu' && maximumSlots > 0;

/** Number of slots of a card, with the reason. */
export interface SlotChoice {
  readonly slots: number;
  readonly reason: string;
}

/**
 * Updates the known devices: missing ones are marked, returned ones are present again, new ones are
 * added. Slots keep their setting unless cards begin or cease to compute; then the defaults apply
 * again.
 */
export function withFound(known: readonly Device[], found: readonly Device[]): Device[] {
  const usabilityChanged = known.some(
    (device) =>
      device.kind === 'gpu' &&
      found.some(
        ({ name, maximumSlots }) => name === device.name && maximumSlots !== device.maximumSlots,
      ),
  );
  const [first, more] = usabilityChanged ? [found, known] : [known, found];
  const rest = more.filter(({ name }) => !first.some((device) => device.name === name));
  return [...first, ...rest].map((device) => ({
    ...device,
    present: found.some(({ name }) => name === device.name),
  }));
}

const sentencesOf = ({ message, next }: LabProblem): string => `${message} ${next}`.trim();
