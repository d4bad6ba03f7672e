import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { LabError } from '../../core/base/errors.ts';
import { actionAfter } from '../../core/search/failures.ts';
import type { TensorFlowBinding } from '../../core/engine/tensorflow/binding.ts';
import { loadGraph } from '../../core/engine/tensorflow/saved-model.ts';
import { failureOf } from '../../core/workers/failure.ts';

describe('the temporary file of a step', () => {
  const { TMPDIR, KTG_HOME } = process.env;
  let folder: string;
  let seen: string[];
  const binding = {
    loadSavedModel: (path: string) => {
      assert.equal(readFileSync(join(path, 'saved_model.pb'), 'utf8'), 'graph');
      seen.push(path);
      return 7;
    },
  } as unknown as TensorFlowBinding;
  const load = (): number => loadGraph(binding, Buffer.from('graph'));

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ktg-saved-'));
    seen = [];
    process.env.KTG_HOME = join(folder, 'home');
  });
  afterEach(() => {
    Object.assign(process.env, { TMPDIR: TMPDIR ?? '', KTG_HOME: KTG_HOME ?? '' }); // '' counts as unset
    rmSync(folder, { recursive: true });
  });

  test('is in the engine’s folder when TMPDIR is missing, and is removed afterwards', () => {
    process.env.TMPDIR = join(folder, 'missing');
    assert.equal(load(), 7);
    assert.equal(dirname(seen[0]!), join(folder, 'home', 'temporary'));
    assert.ok(!existsSync(seen[0]!));
    assert.deepEqual(readdirSync(join(folder, 'home', 'temporary')), []);
  });

  test('without write access to either folder the error names both and pauses the study', () => {
    process.env.TMPDIR = join(folder, 'missing');
    writeFileSync(join(folder, 'home'), 'no folder');
    const failure = (() => {
      try {
        load();
      } catch (error) {
        assert.ok(error instanceof LabError);
        return failureOf(error, 1);
      }
      throw new Error('It was written.');
    })();
    assert.equal(failure.code, 'engine.no-temporary-folder');
    for (const path of [join(folder, 'missing'), join(folder, 'home')])
      assert.ok(failure.message.includes(path), failure.message);
    assert.deepEqual(actionAfter(failure, 0, 3), { do: 'pause' });
  });
});
