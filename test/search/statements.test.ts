import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { judgeOf } from '../../core/search/judge.ts';
import { receive } from '../../core/search/report.ts';
import { spaceTables } from '../../core/search/space-tables.ts';
import { AT, metrics, newStudy, newTrial, training } from '../contract/samples.ts';
import { countingStore } from './counting-store.ts';
import { scriptedLab } from './lab.ts';
import { environment } from './scripted-runner.ts';
import { noFrozen } from './studies.ts';

const rule = { kind: 'asha', reductionFactor: 2, minimumResource: 1 } as const;

/** A trial on a slot of a study whose rungs are epochs 1, 2 and 4, beside a better one. */
function reporting() {
  const { store, statements } = countingStore();
  const { id, plan } = store.addStudy(newStudy('A', { rule, training: training({ epochs: 8 }) }));
  const judge = judgeOf(store, id, plan);
  let asked = 0;
  const asking: typeof judge = {
    ...judge,
    spares: (trial) => {
      asked++;
      return judge.spares(trial);
    },
  };
  const [better, trial] = [0, 1].map((number) => {
    const run = store.addRun(newTrial(id, number, { training: plan.training }));
    store.changeRun(run.id, { state: 'running' });
    store.addAttempt(run.id, 'slot', AT);
    return run.id;
  });
  const report = (run: number, epoch: number, accuracy: number, from = environment) => {
    statements.splice(0);
    const first = epoch === 1 ? from : null;
    const reporter = { run, attempt: 1, environment: first };
    const { go } = receive(store, asking, reporter, metrics(epoch, accuracy), AT);
    return { go, statements: statements.splice(0), asked };
  };
  return { better: better!, trial: trial!, report };
}

describe('statements of a report', () => {
  test('between rungs: the run is read and changed, and its epoch written', () => {
    const { better, report } = reporting();
    for (const epoch of [1, 2]) report(better, epoch, 0.5);
    const { go, statements } = report(better, 3, 0.5);
    assert.deepEqual([go, statements], [true, ['SELECT run', 'UPDATE run', 'INSERT epoch']]);
  });

  test('at a rung: one more for the decision', () => {
    const { better, report } = reporting();
    for (const epoch of [1, 2, 3]) report(better, epoch, 0.5);
    const { go, statements } = report(better, 4, 0.5);
    const taken = ['SELECT run', 'UPDATE run', 'INSERT epoch'];
    // The rung's values are read once, by the first who comes there.
    assert.deepEqual([go, statements], [true, [...taken, 'SELECT run', 'INSERT decision']]);
  });

  test('that stops a trial: its run and its attempt end', () => {
    const { better, trial, report } = reporting();
    report(better, 1, 0.5);
    const { go, statements } = report(trial, 1, 0.25, { ...environment });
    assert.equal(go, false);
    assert.deepEqual(statements, [
      'SELECT run',
      // An equal environment is not looked for again.
      'UPDATE attempt',
      'UPDATE run',
      'INSERT epoch',
      'INSERT decision',
      'UPDATE run',
      'UPDATE attempt',
    ]);
  });

  test('asks for the audit, which costs a random stream, only when the rule stops a trial', () => {
    const { better, trial, report } = reporting();
    for (const epoch of [1, 2, 3, 4]) assert.equal(report(better, epoch, 0.5).asked, 0);
    assert.equal(report(trial, 1, 0.25).asked, 1);
  });
});

test('the tables of a space are made once for all draws of a plan', () => {
  const { plan } = newStudy('A', { space: noFrozen });
  assert.equal(spaceTables(plan), spaceTables(plan));
});

test('statements of a whole study do not grow with its trials, nor beyond 11 a trial and 4 a report', async () => {
  const played = async (trials: number) => {
    const { store, statements } = countingStore();
    const lab = scriptedLab({ slots: 4 }, {}, store);
    const study = lab.study({ rule, trials, space: noFrozen, duplicates: 'train' });
    statements.splice(0);
    lab.scheduler.resume({ study: study.id });
    await lab.until(() => store.study(study.id).state === 'completed');
    const count = statements.filter((name) => name !== 'SELECT study').length;
    await lab.scheduler.close('at-once');
    return { count, reports: lab.runner.reports };
  };
  for (const trials of [50, 200]) {
    const { count, reports } = await played(trials);
    assert.ok(count <= 11 * trials + 4 * reports, `${count} for ${reports} reports`);
  }
});
