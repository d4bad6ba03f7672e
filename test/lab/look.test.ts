import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readApart } from '../../core/lab/look.ts';
import { scriptedLab } from './support.ts';

describe('looks into files of strangers', () => {
  test('a look that takes too long is ended and says so', async () => {
    const path = join(import.meta.dirname, '../fixtures/optuna/several.db');
    await assert.rejects(readApart('optuna-list', { path }, { seconds: 0 }), {
      code: 'files.too-slow',
      message: /longer than 0 s and was ended/,
    });
  });

  test('of several studies of Optuna one is chosen, and an import without a choice names them', async () => {
    const optuna = (name: string) => ({
      path: join(import.meta.dirname, '../fixtures/optuna', name),
    });
    const lab = scriptedLab();
    const file = optuna('several.db');
    assert.deepEqual(await lab.request('studies.found', { file }), [
      { name: 'errors', trials: 3 },
      { name: 'accuracies', trials: 6 },
    ]);
    assert.deepEqual(await lab.request('studies.found', { file: optuna('journal.jsonl') }), []);
    const several = {
      code: 'import.several-studies',
      message: /"errors" \(3 trials\), "accuracies"/,
    };
    await assert.rejects(lab.request('studies.import', { file }), several);
    const { study } = await lab.request('studies.import', {
      file,
      study: 'accuracies',
      name: 'Chosen',
    });
    assert.deepEqual([study.name, study.notes], ['Chosen', 'Imported from Optuna: accuracies']);
    const own = lab.request('studies.import', { file: optuna('journal.jsonl'), study: 'x' });
    await assert.rejects(own, { code: 'import.one-study' });
    await lab.close();
  });
});
