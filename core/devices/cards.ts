import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { parseParts, visibleCards } from './visible-cards.ts';

/** Milliseconds: the driver may never answer for a card that has lost its bus connection. */
const TIMEOUT = 10_000;
/** Most cards to query one by one when the list of all fails. */
const MAX_CARDS = 16;
/**
 * Exit statuses of nvidia-smi (its manual): no such card, no driver loaded, a card that has lost
 * its bus connection.
 */
const LOST = 15;
const GONE: readonly unknown[] = [6, 9, LOST];

/** A card in the driver's list, or a part of a divided card. */
export interface Card {
  index: number;
  /**
   * `GPU-6f3c...`, or `MIG-c6d4...` for a part: a name that CUDA accepts whatever else is in the
   * machine.
   */
  uuid: string;
  title: string;
  /** Bytes. */
  memory: number | null;
  /** Version of the driver; '' when unknown. */
  driver: string;
  /** UUID of the card of a part. */
  parent?: string;
}

const query = [
  '--query-gpu=index,uuid,name,memory.total,driver_version',
  '--format=csv,noheader,nounits',
];

/**
 * Returns the cards of `nvidia-smi` that CUDA_VISIBLE_DEVICES allows; parts for divided cards. One
 * faulty card may make the list fail for all: then each card is queried alone, and only a card with
 * its own permanent failure is gone. When no query works, the known cards count as present; a run
 * on a missing one will fail with a reason.
 *
 * @param known the cards found before
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
   * 0, nvidia-smi's exit status, or `ENOENT` without nvidia-smi; null or undefined after a kill.
   */
  readonly status: unknown;
}
type Ask = (...args: string[]) => Promise<Answer>;

/** Returns the cards that a failed list left out. */
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

/** Returns the cards with their parts in place of divided ones, in CUDA's numbering. */
async function divided(ask: Ask, cards: readonly Card[], known: readonly Card[]): Promise<Card[]> {
  const { text, status } = await ask('-L');
  const parts = parseParts(text);
  // Known parts stay as long as their cards, and replace them.
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

/** Parses lines such as `0, GPU-6f3c..., NVIDIA H100 80GB HBM3, 81559, 580.65.06`. */
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
