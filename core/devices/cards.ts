import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { parseParts, visibleCards } from './visible-cards.ts';

/** Milliseconds: the driver of a card that has fallen off the bus may never answer. */
const TIMEOUT = 10_000;
/** Cards of a machine that are asked one by one when they cannot be listed. */
const MAX_CARDS = 16;
/**
 * Exit statuses of nvidia-smi (its manual): no such card, no driver loaded, a card that has fallen
 * off the bus.
 */
const LOST = 15;
const GONE: readonly unknown[] = [6, 9, LOST];

/** A card as the driver lists it, or a part of a divided one. */
export interface Card {
  index: number;
  /**
   * `GPU-6f3c...`, of a part `MIG-c6d4...`: CUDA finds it by this name whatever else is in the
   * machine.
   */
  uuid: string;
  title: string;
  /** Bytes. */
  memory: number | null;
  /** Version of the driver; '' when unknown. */
  driver: string;
  /** Of a part: the UUID of its card. */
  parent?: string;
}

const query = [
  '--query-gpu=index,uuid,name,memory.total,driver_version',
  '--format=csv,noheader,nounits',
];

/**
 * Cards as `nvidia-smi` lists them, as far as CUDA_VISIBLE_DEVICES allows; divided ones by their
 * parts. One sick card may make it fail for all: then each is asked alone, and only one whose own
 * question fails for good is gone. Where nothing can be asked, those that were known before are
 * taken to be there still: whoever computes on one that is not will say so.
 *
 * @param known what was found before
 */
export async function findCards(
  environment: Record<string, string | undefined> = process.env,
  known: readonly Card[] = [],
): Promise<Card[]> {
  const ask = async (...args: string[]): Promise<Answer> =>
    promisify(execFile)('nvidia-smi', args, { timeout: TIMEOUT, env: environment }).then(
      ({ stdout }) => ({ text: stdout, status: 0 }),
      (thrown: unknown) => {
        const { stdout, code } = thrown as { stdout?: string; code?: unknown };
        return { text: stdout ?? '', status: code };
      },
    );
  const answer = await ask(...query);
  if (answer.status === 'ENOENT') return [...known];
  const cards = parseCards(answer.text);
  if (answer.status !== 0) cards.push(...(await oneByOne(ask, answer, cards, known)));
  cards.sort((a, b) => a.index - b.index);
  return visibleCards(await divided(ask, cards, known), environment.CUDA_VISIBLE_DEVICES);
}

interface Answer {
  readonly text: string;
  /**
   * 0, nvidia-smi's exit status, `ENOENT` where it is missing; null or undefined when it had to be
   * killed.
   */
  readonly status: unknown;
}
type Ask = (...args: string[]) => Promise<Answer>;

/** The cards that a failed answer left out. */
async function oneByOne(
  ask: Ask,
  { status }: Answer,
  listed: readonly Card[],
  known: readonly Card[],
): Promise<Card[]> {
  if (known.length > 0) {
    const wholes = new Map(known.map(({ parent, ...card }) => [parent ?? card.uuid, card]));
    for (const { uuid } of listed) wholes.delete(uuid);
    const answers = await Promise.all(
      [...wholes].map(async ([uuid, card]) => {
        const own = await ask(...query, '-i', uuid);
        if (own.status === 0) return parseCards(own.text);
        return GONE.includes(own.status) ? [] : [{ ...card, uuid }];
      }),
    );
    return answers.flat();
  }
  if (status !== LOST) return [];
  const numbers = Array.from({ length: MAX_CARDS }, (_, index) => index).filter(
    (index) => !listed.some((card) => card.index === index),
  );
  const answers = await Promise.all(numbers.map((index) => ask(...query, '-i', String(index))));
  return answers.flatMap(({ text, status: own }) => (own === 0 ? parseCards(text) : []));
}

/** Cards with divided ones replaced by their parts, numbered as CUDA numbers them. */
async function divided(ask: Ask, cards: readonly Card[], known: readonly Card[]): Promise<Card[]> {
  const { text, status } = await ask('-L');
  const parts = parseParts(text);
  // Parts that were known stay as long as their cards do, and stand for them.
  if (status !== 0 && known.some(({ parent }) => parent !== undefined))
    return known.filter(({ uuid, parent }) => cards.some((card) => card.uuid === (parent ?? uuid)));
  if (parts.length === 0) return [...cards];
  const whole = cards.filter(({ uuid }) => !parts.some((part) => part.card.uuid === uuid));
  const each = parts.map(({ uuid, profile, card }): Omit<Card, 'index'> => {
    const parent = cards.find((other) => other.uuid === card.uuid);
    const gigabytes = /\.(\d+)gb/.exec(profile)?.[1];
    return {
      uuid,
      title: `${card.title}, ${profile}`,
      memory: gigabytes === undefined ? null : Number(gigabytes) * 1e9,
      driver: parent?.driver ?? '',
      parent: card.uuid,
    };
  });
  return [...each, ...whole].map((card, index) => ({ ...card, index }));
}

/** `0, GPU-6f3c..., NVIDIA H100 80GB HBM3, 81559, 580.65.06` */
export function parseCards(output: string): Card[] {
  return output.split('\n').flatMap((line) => {
    const [index = '', uuid = '', title = '', memory = '', driver = ''] = line
      .split(',')
      .map((word) => word.trim());
    if (!/^\d+$/.test(index) || title === '') return [];
    const bytes = /^\d+$/.test(memory) ? Number(memory) * 2 ** 20 : null;
    return [{ index: Number(index), uuid, title, memory: bytes, driver }];
  });
}
