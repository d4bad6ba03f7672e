import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import {
  recording,
  type RecordingKind,
  recordingFile,
} from '../../core/engine/tensorflow/recordings.ts';
import { planOf } from './support.ts';

const home = mkdtempSync(join(tmpdir(), 'ktg-recordings-'));
after(() => {
  rmSync(home, { recursive: true });
});
const kind: RecordingKind = { kind: 'compiled', bfloat16: false };
const plan = planOf('resnet8=T', 4);

/** What is returned, and how often it had to be recorded. */
function take(given = plan, how = kind, where = home): { bytes: number[]; recorded: number } {
  let recorded = 0;
  const bytes = recording(how, given, () => Uint8Array.of(1, 2, ++recorded), where);
  return { bytes: [...bytes], recorded };
}

describe('recorded steps in the cache', () => {
  test('are recorded only once', () => {
    assert.deepEqual(take(), { bytes: [1, 2, 1], recorded: 1 });
    assert.deepEqual(take(), { bytes: [1, 2, 1], recorded: 0 });
  });

  test('have one file per combination of everything that they depend on', () => {
    const others: [typeof plan, RecordingKind][] = [
      [planOf('resnet14=T', 4), kind],
      [planOf('resnet8=T', 5), kind],
      [{ ...plan, classes: 100 }, kind],
      [{ ...plan, frozen: [0] }, kind],
      [plan, { ...kind, bfloat16: true }],
    ];
    const files = [[plan, kind] as const, ...others].map(([one, how]) =>
      recordingFile(how, one, home),
    );
    assert.equal(new Set(files).size, files.length);
    for (const [one, how] of others) assert.equal(take(one, how).recorded, 1);
  });

  test('are recorded again when the file is damaged', () => {
    const file = recordingFile(kind, plan, home);
    const sound = readFileSync(file);
    for (const damaged of [
      sound.subarray(0, 33),
      Buffer.alloc(0),
      Buffer.from(sound).fill(7, 33, 34),
    ]) {
      writeFileSync(file, damaged);
      assert.equal(take().recorded, 1);
      assert.deepEqual(readFileSync(file), sound);
    }
  });

  test('work without write access', () => {
    const blocked = join(home, 'a file');
    writeFileSync(blocked, '');
    for (let i = 0; i < 2; i++)
      assert.deepEqual(take(plan, kind, blocked), { bytes: [1, 2, 1], recorded: 1 });
  });

  test('of other versions are removed after a long time without use', () => {
    const folder = dirname(recordingFile(kind, plan, home));
    const [old, recent] = ['old', 'recent'].map((name) => join(dirname(folder), name)) as [
      string,
      string,
    ];
    for (const other of [old, recent]) recording(kind, plan, () => Uint8Array.of(1), other);
    utimesSync(old, 0, 0);
    take(planOf('resnet20=T', 4));
    assert.deepEqual([folder, old, recent].map(existsSync), [true, false, true]);
  });
});
