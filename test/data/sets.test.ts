import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hasFormat } from '../../core/data/files.ts';
import { isPathSpec, openDataset } from '../../core/data/resolve.ts';
import { isBuiltIn, officialOf, officialSources } from '../../core/data/sets/sets.ts';
import { sourceNamed, sourceOf, sources, usualSource } from '../../core/data/sets/sets.ts';
import { architecture, paperModels } from '../../core/models/architecture.ts';
import { PAPER_DATA, paperPlan, quickLook } from '../../core/study/presets.ts';

describe('every data set of the list', () => {
  test('has a name and title of its own', () => {
    for (const part of ['name', 'title'] as const)
      assert.equal(new Set(sources.map((source) => source[part])).size, sources.length);
    for (const { name } of sources) assert.match(name, /^[a-z0-9-]+$/);
  });

  test('has as many class names as classes, and images that the paper’s networks can halve', () => {
    for (const source of sources) {
      const isMade = source.kind === 'built-in';
      const size = isMade ? source.size('') : source.size;
      const names = isMade ? source.classNames('') : source.classNames;
      // The files of a set of images name its classes.
      const named = source.kind === 'built-in' || source.format !== null;
      assert.equal(new Set(names).size, named ? size.classes : 0, source.name);
      assert.ok(size.trainCount > 0 && size.testCount > 0);
      for (const model of paperModels) architecture(model, size);
    }
  });

  test('names official files with their sizes and checksums', () => {
    for (const { name, files } of officialSources) {
      const folders = new Set(files.map(({ folder = '' }) => folder));
      assert.equal(folders.size, 1);
      assert.equal(folders.has(''), files.length === 1, 'several files have a folder of their own');
      for (const file of files) {
        assert.equal(file.name, name);
        assert.match(file.md5, /^[0-9a-f]{32}$/);
        assert.match(file.sha256, /^[0-9a-f]{64}$/);
        assert.ok(Number.isSafeInteger(file.bytes) && file.bytes > 0);
        assert.ok(file.site.endsWith('/') && URL.canParse(file.site));
      }
    }
  });

  test('is told from the others by the names of its files', () => {
    const readable = officialSources.filter(hasFormat);
    const files = readable.flatMap(({ format }) => format.files);
    assert.equal(new Set(files).size, files.length);
    for (const { format } of readable)
      for (const file of format.files) assert.ok(format.wanted.maxBytes.get(file)! > 0);
  });

  test('a built-in one makes the size that it names, also with options', async () => {
    for (const spec of [
      'synthetic:train=12,test=4',
      'synthetic:train=4,test=4,side=16,classes=3',
    ]) {
      const { source, options } = sourceOf(spec)!;
      assert.ok(source.kind === 'built-in');
      const { classNames, trainCount, testCount, classes, side } = await openDataset(spec);
      assert.deepEqual({ trainCount, testCount, classes, side }, source.size(options));
      assert.deepEqual(classNames, source.classNames(options));
    }
  });
});

describe('what a person writes', () => {
  test('is a name, a name with options, or a path', () => {
    for (const { name, kind } of sources) {
      assert.equal(sourceOf(name)?.source, sourceNamed(name));
      assert.equal(isPathSpec(name), false);
      assert.equal(isBuiltIn(name), kind === 'built-in');
      assert.equal(officialOf(name) === undefined, kind === 'built-in');
    }
    assert.equal(sourceOf('synthetic:seed=2,side=20')?.options, 'seed=2,side=20');
    for (const path of [
      '/data/cifar100',
      'cifar1000',
      'cifar100:seed=2',
      'synthetics',
      '',
      'C:\\x',
    ])
      assert.equal(isPathSpec(path), true, path);
  });

  test('presets and defaults name sets of the list', () => {
    assert.equal(officialOf(PAPER_DATA)?.title, 'CIFAR-100');
    assert.equal(paperPlan(1, 3).training.data, PAPER_DATA);
    for (const portable of [true, false])
      assert.equal(sourceOf(quickLook(1, portable).training.data)?.source, usualSource);
  });
});
