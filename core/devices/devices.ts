import { availableParallelism, cpus, totalmem } from 'node:os';
import type { LabProblem } from '../base/problem.ts';
import type { Device } from './device.ts';
import type { Card } from './cards.ts';

/** Slots that one card may have: more than this never filled it better. */
const MAX_SLOTS_A_CARD = 8;

/** Cores that this process may use (affinity and container limits included). */
export const cores = (): number => availableParallelism();

/**
 * Devices of this machine. Cards compute where nothing is in the way, else one slot a core: with
 * one thread each, they are faster together than one slot with all threads.
 *
 * @param obstacleTo why the engine cannot use a card, and what to do; null when it can. Asked for
 * null where there is no card
 * @param slotsOf a card that computes
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

const computesOnCard = ({ kind, maximumSlots }: Device): boolean =>
  kind === 'gpu' && maximumSlots > 0;

/** How many slots a card gets, and why. */
export interface SlotChoice {
  readonly slots: number;
  readonly reason: string;
}

/**
 * Devices with those that have disappeared marked, those that came back present again, and new ones
 * added. Slots stay as they were set, until cards that could not compute can, or the other way
 * round: work then goes where it is found to go.
 */
export function withFound(known: readonly Device[], found: readonly Device[]): Device[] {
  const turned = known.some(
    (device) =>
      device.kind === 'gpu' &&
      found.some(
        ({ name, maximumSlots }) => name === device.name && maximumSlots !== device.maximumSlots,
      ),
  );
  const [first, more] = turned ? [found, known] : [known, found];
  const rest = more.filter(({ name }) => !first.some((device) => device.name === name));
  return [...first, ...rest].map((device) => ({
    ...device,
    present: found.some(({ name }) => name === device.name),
  }));
}

const sentencesOf = ({ message, next }: LabProblem): string => `${message} ${next}`.trim();
