import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { openSqlite } from '../../core/store/sqlite.ts';
import { newStudy, newTrial } from '../contract/samples.ts';
import { scriptedLab, temporaryFolder } from './support.ts';

test('a lab that ended while it erased a running study opens, and erases the rest', async (context) => {
  const file = join(await temporaryFolder(context), 'lab.sqlite');
  const store = openLabFile(file);
  const { id } = store.addStudy(newStudy());
  const run = store.addRun(newTrial(id, 0));
  store.changeRun(run.id, { state: 'running' });
  store.addAttempt(run.id, 'cpu:0', 1);
  store.close();
  const database = openSqlite(file);
  database.run(`UPDATE study SET state = 'running', visible = 'leaving'`);
  database.close();

  const again = openLabFile(file);
  const lab = scriptedLab({}, again);
  assert.deepEqual((await lab.request('lab.status', {})).interrupted, []);
  await lab.request('lab.compact', {});
  assert.deepEqual([again.runs(), await again.check()], [[], []]);
  await lab.close();
});
