import { writeSync } from 'node:fs';
import { Scheduler } from '../../core/search/scheduler.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import type { Store } from '../../core/store/store.ts';
import type { StudyPlan } from '../../core/study/plan.ts';
import { newStudy } from '../contract/samples.ts';
import { studyPlan } from './killed-lab.ts';
import { ScriptedRunner } from './scripted-runner.ts';

/**
 * Works on a study and kills itself when a trial is drawn, before or after its row is written, in
 * both cases before the transaction ends; the drawn key is its last line of output. Arguments: file,
 * number of the trial, `before` or `after`, what the plan has besides, as JSON.
 */
const [file, number, moment, change] = process.argv.slice(2) as [string, string, string, string];
const lab = openLabFile(file);
const store: Store = {
  ...lab,
  addRun(run) {
    if (run.number !== Number(number)) return lab.addRun(run);
    if (moment === 'after') lab.addRun(run);
    writeSync(1, `${run.key}\n`);
    process.kill(process.pid, 'SIGKILL');
    throw new Error('The process goes on after SIGKILL.');
  },
};
const runner = new ScriptedRunner({ slots: 3, checkpointEach: 1, checkpointBytes: 1000 });
const scheduler = new Scheduler(store, runner);
scheduler.open();
if (store.studies().length === 0) {
  const plan = { ...studyPlan, ...(JSON.parse(change) as Partial<StudyPlan>) };
  scheduler.resume({ study: store.addStudy(newStudy('Killed', plan)).id });
}
