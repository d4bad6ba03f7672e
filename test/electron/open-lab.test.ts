import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { LabError } from '../../core/base/errors.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { openSqlite } from '../../core/store/sqlite.ts';
import { fake } from './with-fake.ts';

const { openOrChoose } = await import('../../electron/open-lab.ts');
const { troubleOf } = await import('../../electron/error-box.ts');

const folder = mkdtempSync(join(tmpdir(), 'ktg-opening-'));
process.env.KTG_HOME = folder;
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const put = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
beforeEach(() => {
  fake.dialog.asked.length = 0;
});

describe('a lab file that does not open', () => {
  const newer = join(folder, 'newer.sqlite');
  openLabFile(newer).close();
  const database = openSqlite(newer);
  database.execute('PRAGMA user_version = 99');
  database.close();

  test('is reported with its reason, and another one can be opened', async () => {
    const words = put('words.sqlite', 'these are words and no lab file at all');
    fake.dialog.responses = [0, 0, 1];
    // One that does not open either, then the name of a new one.
    fake.dialog.files = [words, join(folder, 'new.sqlite')];
    const lab = await openOrChoose(newer);
    assert.equal(lab?.file, join(folder, 'new.sqlite'));
    assert.deepEqual(
      fake.dialog.asked.map(({ detail }) => detail!.includes('newer.sqlite')),
      [true, false],
    );
    assert.match(fake.dialog.asked[0]!.detail!, /schema 99.*Install the newer version/s);
    assert.match(fake.dialog.asked[1]!.detail!, /words\.sqlite.*no SQLite database/s);
    await lab.close('at-once');
  });

  test('asks again until the user chooses a file or quits', async () => {
    fake.dialog.responses = [0, 1, 2];
    fake.dialog.files = [];
    assert.equal(await openOrChoose(newer), null);
    assert.equal(fake.dialog.asked.length, 3);
  });
});

test('a dialog says next steps without commands and options', () => {
  const [folder, network] = ['/lab', 'nfs'];
  const { message, next } = troubleOf(new LabError('store.network-folder', { folder, network }));
  assert.match(message, /^\/lab: a network folder \(nfs\)/);
  assert.equal(
    next,
    'Keep the lab file on a disk of this computer, and copies of it on the network.',
  );
  const other = new LabError({ code: 'x.y', message: 'Words.', next: 'A text of a record.' });
  assert.equal(troubleOf(other).next, 'A text of a record.');
});
