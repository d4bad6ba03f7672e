import { LabError } from '../base/errors.ts';
import { stepsOf } from '../base/problem.ts';
import { type Card, findCards } from '../devices/cards.ts';
import { chooseSlots, keepMeasurement, measurementFile } from '../devices/card-slots.ts';
import { obstaclesTo } from '../lab/engine-library.ts';
import { architecture } from '../models/architecture.ts';
import { precisions } from '../study/computation.ts';
import { type MeasuredWork, measureSlots } from '../workers/measure-card.ts';
import { asWrongArguments, Exit, type Values } from './command.ts';
import { jsonLine, line } from './report.ts';
import { interruption } from './training-run.ts';
import { choiceOf, integerOption, textOf } from './values.ts';

/** Training steps of each worker: some seconds on a card. */
const STEPS = 300;

/**
 * `ktg engine measure`: measures how many slots each kind of card here is worth, and keeps it for
 * the lab.
 *
 * @param program of a measuring worker; tests give another one
 * @throws LabError `devices.no-card`, `devices.cannot-compute`, `devices.not-measured`
 */
export async function measureCards(values: Values, program?: string): Promise<number> {
  const work: MeasuredWork = {
    arch: archOf(values),
    precision: choiceOf(values, 'precision', precisions, 'tf32'),
    steps: integerOption(values, 'steps', STEPS, 1, 100_000),
  };
  const json = values.json === true;
  const found = await findCards();
  if (found.length === 0) throw new LabError('devices.no-card');
  const obstacleTo = obstaclesTo(found);
  const usable = found.filter((card) => obstacleTo(card) === null);
  if (usable.length === 0) {
    const [card] = found as [Card];
    const obstacle = obstacleTo(card)!;
    throw new LabError('devices.cannot-compute', {
      card: card.title,
      reason: obstacle.message,
      steps: stepsOf(obstacle),
    });
  }
  const stop = interruption();
  try {
    for (const card of oneOfEachKind(usable)) await measure(card, work, json, stop.signal, program);
    return Exit.done;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    if (!json) line('Interrupted. No result of this card was saved.');
    return Exit.interrupted;
  } finally {
    stop.end();
  }
}

async function measure(
  card: Card,
  work: MeasuredWork,
  json: boolean,
  signal: AbortSignal,
  program: string | undefined,
): Promise<void> {
  const say = (text: string): void => {
    if (!json) line(text);
  };
  say(`${card.title}, driver ${card.driver || 'unknown'}: ${work.arch}, ${work.precision}`);
  const target = {
    device: 'gpu',
    card,
    signal,
    ...(program !== undefined && { program }),
  } as const;
  const measurement = await measureSlots(target, work, {
    measured: ({ slots, stepsPerSecond, memory }) => {
      const each = memory === null ? '' : `, ${Math.round(memory / slots / 2 ** 20)} MiB each`;
      say(`  ${slots} at once: ${stepsPerSecond.toFixed(1)} steps a second in all${each}`);
    },
    note: (text) => {
      say(`  ${text}`);
    },
  });
  const file = measurementFile(card.title);
  keepMeasurement(file, measurement);
  const choice = chooseSlots(measurement, card);
  say(`Slots: ${choice.slots}. ${choice.reason}`);
  say('The lab uses this when it opens next.');
  if (json) jsonLine({ ...measurement, choice, file });
}

/** Cards of one title get the same number of slots. */
const oneOfEachKind = (cards: readonly Card[]): Card[] => [
  ...new Map(cards.toReversed().map((card) => [card.title, card])).values(),
];

/** The networks of `--arch`, checked. */
function archOf(values: Values): string {
  const arch = textOf(values, 'arch') ?? 'resnet32';
  try {
    for (const name of arch.split('+')) architecture(name);
  } catch (error) {
    throw asWrongArguments(error);
  }
  return arch;
}
