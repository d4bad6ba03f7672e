import { stream } from '../../core/base/random.ts';
import { paperSpace } from '../../core/graph/space.ts';
import type { Job } from '../../core/search/runner.ts';
import { Scheduler } from '../../core/search/scheduler.ts';
import type { StudyPlan } from '../../core/study/plan.ts';
import { fillNowAndThen, openLimited } from '../soak/full-disk.ts';
import { newStudy, training } from '../contract/samples.ts';
import { ScriptedRunner } from './scripted-runner.ts';
import type { Mishap } from './scripted-runner.ts';

/** The study that is worked on while its lab is killed again and again. */
export const studyPlan: Partial<StudyPlan> = {
  trials: 60,
  space: { ...paperSpace(3, 'resnet8', ['resnet8', 'wrn-10-1']), frozen: false },
  training: training({ epochs: 32 }),
  retries: 100,
};

/**
 * Workers that crash, lie or lose their device now and then; only the attempt decides which, so
 * that a retry gets on.
 */
function mishap({ run, attempt }: Job, epoch: number): Mishap | undefined {
  const chance = stream('mishap', run, attempt, epoch).uniform();
  if (chance < 0.02) return 'crash';
  if (chance < 0.03) return 'lost';
  return chance < 0.04 ? 'protocol' : undefined;
}

/**
 * Works on the study in a lab file until it is done; meant to be killed. Arguments: file, slots,
 * bytes of a checkpoint, and where wanted what the plan has besides, as JSON.
 */
async function work(
  file: string,
  slots: number,
  checkpointBytes: number,
  change: Partial<StudyPlan>,
): Promise<void> {
  const limited = openLimited(file);
  const { store } = limited;
  // A run that rests after a crash lets others pass: with one slot, nothing disturbs the order but
  // the kills.
  const mishaps = slots === 1 ? {} : { mishap };
  const runner = new ScriptedRunner({
    slots,
    checkpointEach: 1,
    checkpointBytes,
    seconds: () => 1,
    ...mishaps,
  });
  const done = Promise.withResolvers<undefined>();
  const scheduler = new Scheduler(store, runner, {
    delayDivisor: 1000,
    onEvent: (event) => {
      if (event.type === 'study' && store.study(event.study).state === 'completed')
        done.resolve(undefined);
    },
  });
  scheduler.open();
  process.stdout.write('open\n');
  const study =
    store.studies()[0] ?? store.addStudy(newStudy('Killed', { ...studyPlan, ...change }));
  if (study.state !== 'completed') {
    const end = fillNowAndThen(
      limited,
      stream('disk', process.pid),
      () => scheduler.trouble !== null,
      () => {
        scheduler.resume({ study: study.id });
      },
    );
    if (study.state === 'ready') scheduler.resume({ study: study.id });
    await done.promise;
    end();
  }
  await scheduler.close('save');
  store.close();
}

if (import.meta.main) {
  const [file, slots, bytes, change = '{}'] = process.argv.slice(2);
  await work(file!, Number(slots), Number(bytes), JSON.parse(change) as Partial<StudyPlan>);
}
