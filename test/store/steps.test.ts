import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { problem } from '../../core/base/errors.ts';
import { stepsOf } from '../../core/base/problem.ts';
import { checkLabFile } from '../../core/store/file/check.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { openSqlite } from '../../core/store/sqlite.ts';
import { exportStudy } from '../../core/store/transfer/export.ts';
import { AT, joined, newStudy, newTrial } from '../contract/samples.ts';

const folder = mkdtempSync(join(tmpdir(), 'ktg-steps-'));
after(() => {
  rmSync(folder, { recursive: true });
});

const found = problem('engine.no-space/full', { home: '/cache' });
const failure = { kind: 'crash' as const, ...found, epoch: 3 };

/** A lab file with a study that has a problem, and a run that failed. */
function labWithProblems(name: string): { file: string; study: number; run: number } {
  const file = join(folder, name);
  const store = openLabFile(file);
  const { id: study } = store.addStudy(newStudy());
  store.changeStudy(study, { problem: found });
  const { id: run } = store.addRun(newTrial(study, 0));
  store.changeRun(run, { state: 'running' });
  store.changeRun(run, { state: 'failed', failure, endedAt: AT });
  store.close();
  return { file, study, run };
}

void test('a lab file keeps the next steps of its problems as data', () => {
  const { file, study, run } = labWithProblems('kept.sqlite');
  const store = openLabFile(file);
  assert.deepEqual(store.study(study).problem, found);
  assert.deepEqual(store.run(run).failure, failure);
  assert.deepEqual(stepsOf(store.run(run).failure!)[1], { do: 'install-engine' });
  store.close();
  assert.deepEqual(checkLabFile(file), []);
});

void test('a record of an older version and one of a newer version show their text', () => {
  const { file, study, run } = labWithProblems('others.sqlite');
  const database = openSqlite(file);
  const { steps: _steps, ...older } = failure;
  const newer = { ...found, steps: [{ do: 'no-such-action' }] };
  database.run('UPDATE run SET failure = ? WHERE id = ?', JSON.stringify(older), run);
  database.run('UPDATE study SET problem = ? WHERE id = ?', JSON.stringify(newer), study);
  database.close();
  const store = openLabFile(file);
  assert.deepEqual(store.run(run).failure, older);
  assert.deepEqual(stepsOf(store.run(run).failure!), [older.next]);
  assert.deepEqual(stepsOf(store.study(study).problem!), [found.next]);
  store.close();
});

void test('a study file keeps its format: next steps stand in it as text only', async () => {
  const { file, study } = labWithProblems('exported.sqlite');
  const store = openLabFile(file);
  const text = Buffer.from(await joined(exportStudy(store, study, { weights: false }))).toString();
  store.close();
  assert.match(text, /point KTG_HOME to a folder on another disk\. Run: ktg engine install/);
  assert.doesNotMatch(text, /"steps"/);
});
