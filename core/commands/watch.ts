import type {
  LabApi,
  LabEvent,
  LabProblem,
  RerunView,
  SlotView,
  StudyCard,
  TrialRow,
} from '../lab/api.ts';
import { hasEnded } from '../study/moves.ts';
import type { AttachedLab } from '../host/attach.ts';
import { mayPass } from '../search/outages.ts';
import { Exit } from './command.ts';
import { endedMeanwhile } from './ended.ts';
import type { Watched } from './watched.ts';
import { isUnreachable, type UsedLab } from './lab-access.ts';
import { LiveBlock } from './live-block.ts';
import { isLost, requireFile } from './lost-file.ts';
import { counted, jsonLine, line, span } from './report.ts';
import { cardParts, deviceTexts, percent, slotlessText, slotText, trialText } from './words.ts';

/** JSON events in addition to ended runs, for usage texts. */
export const watchEvents =
  '{"event":"log","level":"warning"|"error",...}, {"event":"trouble","problem":...|null}';

/** How a person interrupted the watching. */
type Interruption = 'asked' | 'at-once';

interface Scene {
  card: StudyCard | null;
  rerun: RerunView | null;
  slots: SlotView[];
}

/** Facts already printed, kept across changes of the holder. */
interface Printed {
  /** Ended runs. */
  readonly runs: Set<number>;
  /** True after the message that no device has a slot. */
  slotless: boolean;
}

/**
 * Shows a study or re-run live until it ends or is paused: a line for every ended run and, on a
 * terminal, slots and progress below; with `json`, one object per line. The first Ctrl-C pauses it
 * cleanly, the second ends at once. For a lab in another program, Ctrl-C only stops watching; when
 * that program ends, this one takes the lab over and continues.
 */
export async function watch(lab: UsedLab, what: Watched, json: boolean): Promise<void> {
  const printed: Printed = { runs: new Set(), slotless: false };
  while ((await observe(lab, what, json, printed)) === 'holder-ended') {
    await lab.takeOver();
    // Another observer may have taken it over first.
    const text =
      `The program that held ${lab.file} has ended; ` +
      `${lab.elsewhere ? 'another program' : 'this program'} continues.`;
    if (json) jsonLine({ event: 'log', level: 'warning', text });
    else line(text);
  }
}

async function observe(
  lab: AttachedLab,
  what: Watched,
  json: boolean,
  printed: Printed,
): Promise<'over' | 'holder-ended'> {
  const { api } = lab;
  const block = new LiveBlock(process.stdout);
  const scene: Scene = { card: null, rerun: null, slots: [] };
  let interrupted = false;
  let lost: LabProblem | null = null;
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));

  const row = (each: TrialRow): void => {
    if (!isOf(each, what) || !hasEnded(each.state) || printed.runs.has(each.run)) return;
    printed.runs.add(each.run);
    if (json) jsonLine({ event: each.kind, ...each });
    else block.print(each.kind === 'trial' ? trialText(each) : runText(each));
  };
  const onTrouble = (problem: LabProblem | null): void => {
    if (problem && isLost(problem)) {
      lost = problem;
      finish();
    }
    if (json) jsonLine({ event: 'trouble', problem });
    // The log says what it is.
    else if (problem)
      block.print(
        mayPass(problem)
          ? 'Work is paused until the problem is solved; then it continues by itself.'
          : 'Work is paused until the problem is solved; then run in another terminal: ktg resume',
      );
    else block.print('Work continues.');
  };
  const slotless = async (): Promise<void> => {
    if (printed.slotless) return;
    const text = slotlessText(await api.request('devices.list', {}));
    if (printed.slotless || text === '') return;
    printed.slotless = true;
    if (json) jsonLine({ event: 'log', level: 'warning', text });
    else block.print(text);
  };
  const draw = (): void => {
    if (!json) block.show(lines(scene, what));
  };
  const hear = (event: LabEvent): void => {
    if (event.type === 'runs') event.rows.forEach(row);
    if (event.type === 'slots') {
      scene.slots = event.slots;
      if (event.slots.every(({ state }) => state === 'retired')) slotless().catch(() => undefined);
    }
    if (event.type === 'trouble') onTrouble(event.problem);
    if (event.type === 'log')
      for (const entry of event.entries) {
        if (entry.level === 'info') continue;
        if (json) jsonLine({ event: 'log', ...entry });
        else block.print(`${entry.level}: ${entry.text}`);
      }
    if (event.type === 'study' && 'study' in what && event.card.study.id === what.study)
      scene.card = event.card;
    if (event.type === 'rerun' && 'rerun' in what && event.rerun.rerun.id === what.rerun)
      scene.rerun = event.rerun;
    draw();
    if (stateOf(scene, what) !== 'running') finish();
  };

  const undo = api.subscribe(['studies', 'runs', 'slots', 'reruns', 'log'], hear);
  const ticker = setInterval(() => {
    api.request('slots.list', {}).then(
      (slots) => {
        scene.slots = slots;
        draw();
      },
      () => undefined,
    );
  }, 500);
  const endSignals = onInterruption((kind) => {
    interrupted = true;
    if (kind === 'at-once') {
      block.end();
      process.exit(Exit.interrupted);
    }
    if (lab.elsewhere) finish();
    else {
      if (!json) block.print('Pausing: workers save their checkpoints. Ctrl-C again ends at once.');
      pause(api, what).catch(finish);
    }
  });
  try {
    await readScene(api, what, scene);
    (await endedMeanwhile(api, what)).forEach(row);
    if (!json)
      for (const text of deviceTexts(await api.request('devices.list', {}))) block.print(text);
    if (stateOf(scene, what) === 'running') {
      await slotless();
      await Promise.race([finished, lab.lost]);
    }
    if (lost) await requireFile(lab);
    if (stateOf(scene, what) === 'running' && !interrupted) return 'holder-ended';
    if (!lab.elsewhere || !interrupted) await untilIdle(api, what);
    return 'over';
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    return stateOf(scene, what) === 'running' ? 'holder-ended' : 'over';
  } finally {
    undo();
    clearInterval(ticker);
    endSignals();
    block.end();
  }
}

/** Calls the listener on Ctrl-C and SIGTERM: first `asked`, then `at-once`. Returns its undo. */
function onInterruption(listener: (kind: Interruption) => void): () => void {
  let asked = false;
  const onSignal = (): void => {
    listener(asked ? 'at-once' : 'asked');
    asked = true;
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return () => void process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
}

const pause = async (api: LabApi, what: Watched): Promise<unknown> =>
  'study' in what
    ? api.request('studies.pause', { ...what, when: 'now' })
    : api.request('reruns.pause', { ...what, when: 'now' });

async function readScene(api: LabApi, what: Watched, scene: Scene): Promise<void> {
  scene.slots = await api.request('slots.list', {});
  if ('rerun' in what) scene.rerun = await api.request('reruns.open', what);
  else
    scene.card = (await api.request('studies.list', {})).find(
      ({ study }) => study.id === what.study,
    )!;
}

const stateOf = ({ card, rerun }: Scene, what: Watched): string =>
  ('study' in what ? card?.study.state : rerun?.rerun.state) ?? 'running';

/** Waits until no slot works on the study or re-run. */
async function untilIdle(api: LabApi, what: Watched): Promise<void> {
  for (;;) {
    const slots = await api.request('slots.list', {});
    if (!slots.some((slot) => worksOn(slot, what))) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const worksOn = ({ run, study, rerun }: SlotView, what: Watched): boolean =>
  run !== null && ('study' in what ? study === what.study : rerun === what.rerun);

/**
 * True for a slot that may work for it: a pretraining for a re-run names neither study nor re-run.
 */
const mayServe = ({ study, rerun }: SlotView, what: Watched): boolean =>
  'rerun' in what && study === null && rerun === null;

const isOf = (row: TrialRow, what: Watched): boolean =>
  'study' in what
    ? row.study === what.study && row.kind !== 'repeat'
    : row.rerun === what.rerun || row.kind === 'pretrain';

const runText = ({ kind, variant, number, seed, state, accuracy, graph }: TrialRow): string =>
  kind === 'pretrain'
    ? `pretraining of ${graph.nodes[0]!.model}  ${state}  ${percent(accuracy)}`
    : `${variant.padEnd(12)} seed ${number + 1} (${seed})  ${state}  ${percent(accuracy)}`;

/** Width of the bar in characters. */
const BAR = 40;

function lines({ card, rerun, slots }: Scene, what: Watched): string[] {
  const [done, total] = card
    ? [card.done, card.study.plan.trials]
    : [rerun?.done ?? 0, rerun?.total ?? 1];
  const filled = Math.round((BAR * done) / Math.max(1, total));
  const bar = `[${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}]`;
  const left = rerun?.timeLeft == null ? '' : `about ${span(rerun.timeLeft)} left`;
  const [far, rest] = card ? cardParts(card) : [`${done} of ${counted(total, 'run')}`, left];
  const own = slots.filter(
    (slot) => slot.run === null || worksOn(slot, what) || mayServe(slot, what),
  );
  return [
    '',
    `${bar} ${far}`,
    ...(rest === '' ? [] : [rest]),
    ...own.map((slot) => `  ${slotText(slot)}`),
  ];
}
