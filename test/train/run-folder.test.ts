import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { LabError } from '../../core/base/errors.ts';
import { GENERATOR } from '../../core/base/random.ts';
import { fromText } from '../../core/graph/text.ts';
import { architecture } from '../../core/models/architecture.ts';
import { initialParameters, initialStatistics } from '../../core/models/initialise.ts';
import type { EpochMetrics } from '../../core/study/metrics.ts';
import { recipeFor } from '../../core/study/recipe.ts';
import type { Checkpoint } from '../../core/train/checkpoint.ts';
import { type RunDescription, runFiles, RunFolder } from '../../core/train/run-folder.ts';

const description: RunDescription = {
  graph: fromText('resnet8=T'),
  plan: {
    data: 'synthetic',
    protocol: 'held-out',
    purpose: 'search',
    splitSeed: 4,
    epochs: 3,
    recipe: recipeFor(3),
  },
  seed: 4,
  engine: 'portable',
  threads: null,
};
const parameters = initialParameters(architecture('resnet8'), 10, 1, 1);
const checkpointOf = (epoch: number): Checkpoint => ({
  info: {
    ...{
      format: 'ktg-checkpoint',
      version: 1,
      nodes: { 1: 'resnet8' },
      classes: 10,
      data: 'x',
      seed: 4,
    },
    ...{ generator: GENERATOR, epoch, step: 0, seconds: 0, sums: null, run: 'r' },
  },
  states: new Map([
    [
      1,
      { parameters, momentum: parameters, statistics: initialStatistics(architecture('resnet8')) },
    ],
  ]),
});
const metricsOf = (epoch: number): EpochMetrics => ({ epoch, seconds: 1, nodes: [], edges: [] });

const refused = (code: string, words: RegExp) => (error: unknown) =>
  error instanceof LabError &&
  error.code === code &&
  words.test(error.message) &&
  error.next !== '';

describe('the folder of a run', () => {
  let path: string;
  let folder: RunFolder;
  const file = (name: keyof typeof runFiles): string => join(path, runFiles[name]);
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'ktg-run-'));
    folder = new RunFolder(path);
  });
  afterEach(() => {
    rmSync(path, { recursive: true });
  });

  test('returns what was saved', () => {
    assert.equal(folder.exists, false);
    assert.equal(folder.checkpoint(), undefined);
    assert.deepEqual(folder.metrics(), []);
    folder.describe(description);
    folder.save(checkpointOf(1));
    folder.save(checkpointOf(2));
    for (const epoch of [1, 2, 3]) folder.addMetrics(metricsOf(epoch));
    const again = new RunFolder(path);
    assert.partialDeepStrictEqual(again.description(), description);
    assert.deepEqual(again.checkpoint(), checkpointOf(2));
    assert.deepEqual(again.metrics(), [1, 2, 3].map(metricsOf));
    again.keepMetrics(2);
    assert.deepEqual(again.metrics(), [1, 2].map(metricsOf));
  });

  test('ignores a truncated line of metrics', () => {
    folder.addMetrics(metricsOf(1));
    appendFileSync(file('metrics'), '{"epoch":2,"seco');
    assert.deepEqual(folder.metrics(), [metricsOf(1)]);
    folder.keepMetrics(1);
    folder.addMetrics(metricsOf(2));
    assert.deepEqual(folder.metrics(), [1, 2].map(metricsOf));
  });

  test(
    'a full disk is reported, and the previous save stays complete',
    { skip: !existsSync('/dev/full') },
    () => {
      folder.save(checkpointOf(1));
      symlinkSync('/dev/full', `${file('checkpoint')}.new`);
      assert.throws(
        () => {
          folder.save(checkpointOf(2));
        },
        refused('run.no-space', /the disk is full/),
      );
      assert.deepEqual(folder.checkpoint(), checkpointOf(1));
      folder.save(checkpointOf(2)); // room again
      assert.deepEqual(folder.checkpoint(), checkpointOf(2));
    },
  );

  test('a write error is reported, and the previous save stays complete', () => {
    folder.save(checkpointOf(1));
    mkdirSync(`${file('checkpoint')}.new`);
    assert.throws(
      () => {
        folder.save(checkpointOf(2));
      },
      refused('run.not-saved', /could not be saved: .*directory/),
    );
    assert.deepEqual(folder.checkpoint(), checkpointOf(1));
  });

  test('missing, damaged and foreign runs have different errors', () => {
    assert.throws(() => folder.description(), refused('run.missing', /holds no run/));
    const damaged = [
      '',
      '{',
      '[]',
      '{"format":"ktg-run","version":2}',
      JSON.stringify({ ...description, format: 'ktg-run', version: 1, seed: 'four' }),
    ];
    for (const text of damaged) {
      writeFileSync(file('description'), text);
      assert.throws(() => folder.description(), refused('run.damaged', /is damaged/), text);
    }
  });

  test('is used by one process at a time and released afterwards', async () => {
    await folder.use(async () => {
      await assert.rejects(
        new RunFolder(path).use(() => Promise.resolve()),
        refused('run.in-use', new RegExp(`in use by process ${process.pid}`)),
      );
    });
    assert.equal(await new RunFolder(path).use(() => Promise.resolve(5)), 5);
  });

  test('reports a folder that cannot be made', async () => {
    writeFileSync(join(path, 'file'), '');
    const inFile = new RunFolder(join(path, 'file', 'run'));
    await assert.rejects(
      inFile.use(() => Promise.resolve()),
      refused('run.no-folder', /cannot be made/),
    );
  });
});
