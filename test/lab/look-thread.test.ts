import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { lookInThread } from '../../core/lab/look-thread.ts';
import { temporaryFolder } from '../data/support.ts';
import { scriptedLab } from './support.ts';

describe('looks into files of strangers', () => {
  test('a look that takes too long is ended and says so', async () => {
    const bytes = new TextEncoder().encode('resnet8=T');
    await assert.rejects(lookInThread('graph', { bytes }, undefined, 0), {
      code: 'files.too-slow',
      message: /longer than 0 s and was ended/,
    });
  });

  test('a graph file is read in a thread, its errors come back as they are', async () => {
    const look = (text: string) => lookInThread('graph', { bytes: new TextEncoder().encode(text) });
    assert.equal((await look('resnet8=T')).nodes[0]!.model, 'resnet8');
    await assert.rejects(look('digraph {}'), { name: 'LabError', code: 'graph.none-in-picture' });
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

  test('the lab answers while a large DOT file is imported', async (t) => {
    const path = join(await temporaryFolder(t), 'large.dot');
    writeFileSync(path, `digraph {${'\n'.repeat(2_000_000)}`);
    const lab = scriptedLab();
    const { graph, error } = await lab.request('graphs.import', { file: { path } });
    assert.deepEqual([graph, error?.code], [null, 'graph.none-in-picture']);
    writeFileSync(path, `digraph {${'\n'.repeat((2 << 20) + 1)}`);
    await assert.rejects(lab.request('graphs.import', { file: { path } }), {
      code: 'graph.too-large',
      message: /^This is not a graph file\. large\.dot has/,
    });
    await lab.close();
  });
});
