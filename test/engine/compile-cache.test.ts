import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, mock, test } from 'node:test';
import type { Engine, Step } from '../../core/engine/engine.ts';
import { openEngine } from '../../core/engine/open.ts';
import {
  restoreAbandoned,
  retryWithoutPrograms,
} from '../../core/engine/tensorflow/compile-cache.ts';
import { StepSession } from '../../core/engine/tensorflow/session.ts';
import { planOf, randomImages, writeAll } from './support.ts';

const programs = [
  'xla_compile_cache__1.pb',
  'xla_compile_cache__2.pb',
  'kernels.textproto',
] as const;
const [first, second, kernels] = programs;

describe("XLA's cache during a retry without it", () => {
  let folder: string;
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const names = (): string[] => readdirSync(folder).sort();
  const everything = ['a.lock', ...programs].sort();
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ktg-aside-'));
    for (const name of everything) writeFileSync(join(folder, name), 'of before');
  });
  const remove = (): void => rmSync(folder, { recursive: true });

  test('is removed when the retry succeeds', () => {
    retryWithoutPrograms(folder, () => {
      assert.deepEqual(names(), ['a.lock', `aside-${process.pid}`]);
      writeFileSync(join(folder, first), 'made anew');
    });
    assert.deepEqual(names(), ['a.lock', first]);
    remove();
  });

  test('is restored when the retry fails, except newer entries', () => {
    const lost = new Error('the card is lost');
    const work = (): void => {
      writeFileSync(join(folder, first), 'made anew');
      throw lost;
    };
    assert.throws(() => retryWithoutPrograms(folder, work), lost);
    assert.deepEqual(names(), everything);
    assert.deepEqual(programs.map(text), ['made anew', 'of before', 'of before']);
    remove();
  });

  test('is restored after the process was killed, and not while it runs', () => {
    const module = new URL('../../core/engine/tensorflow/compile-cache.ts', import.meta.url).href;
    const script = `import { retryWithoutPrograms } from ${JSON.stringify(module)};
      retryWithoutPrograms(process.argv[1], () => process.kill(process.pid, 'SIGKILL'));`;
    const { pid, signal } = spawnSync(process.execPath, [
      '--input-type=module',
      '-e',
      script,
      folder,
    ]);
    assert.equal(signal, 'SIGKILL');
    assert.deepEqual(names(), ['a.lock', `aside-${pid}`]);
    const living = `aside-${process.ppid}`;
    mkdirSync(join(folder, living));
    restoreAbandoned(folder);
    assert.deepEqual(names(), [...everything, living].sort());
    assert.deepEqual([second, kernels].map(text), ['of before', 'of before']);
    remove();
  });
});

describe('a step that does not compile', () => {
  const home = mkdtempSync(join(tmpdir(), 'ktg-compile-cache-'));
  process.env.KTG_COMPILED = home; // read when the engine is opened
  const plan = planOf('resnet8=T', 4);
  const steps: Step[] = [];
  let engine: Engine;
  let folder: string;
  let own: string[];
  before(async () => {
    engine = await openEngine({
      engine: 'tensorflow',
      threads: 2,
      computation: { compiler: 'xla' },
    });
    await (await stepOf()).prepare();
    folder = join(home, readdirSync(home)[0]!);
    own = entries();
    assert.equal(own.length, 2, 'one that trains, one that evaluates');
    for (const name of programs) writeFileSync(join(folder, name), 'of another network');
  });
  after(() => {
    mock.restoreAll();
    for (const step of steps) step.dispose();
    rmSync(home, { recursive: true });
  });

  /** A step that has compiled nothing yet in this process. */
  async function stepOf(): Promise<Step> {
    const step = await engine.compile(plan);
    steps.push(step);
    step.load(randomImages(8));
    writeAll(step);
    return step;
  }
  const entries = (): string[] => readdirSync(folder).sort();
  const files = (): string[] =>
    entries().map((name) => `${name} ${statSync(join(folder, name)).ino}`);

  test('for an unrelated reason keeps all cached programs', async () => {
    const before = files();
    const step = await stepOf();
    let tried = 0;
    const evaluate = mock.method(StepSession.prototype, 'evaluate', () => {
      throw new Error(`uncorrectable ECC error ${++tried}`);
    });
    await assert.rejects(step.prepare(), /ECC error 2$/);
    evaluate.mock.restore();
    const moved = files().filter((file) => !before.includes(file));
    assert.deepEqual(entries(), [...own, ...programs].sort());
    assert.ok(
      moved.length === 1 && own.some((name) => moved[0]!.startsWith(name)),
      'the one that trains was made anew',
    );
    await step.prepare();
    assert.deepEqual(
      files().filter((file) => !before.includes(file)),
      moved,
      'and serves',
    );
  });

  test('because of a lost session keeps them too', async () => {
    const before = files();
    const step = await engine.compile(plan);
    steps.push(step);
    await assert.rejects(
      step.prepare(),
      /node0/,
      'it has no states, which cannot be read to open it again',
    );
    assert.deepEqual(files(), before);
  });

  test('because of a damaged cache compiles again', async () => {
    for (const name of own) truncateSync(join(folder, name), 1000);
    await (await stepOf()).prepare();
    assert.deepEqual(entries(), own, 'those that are needed');
    assert.ok(own.every((name) => statSync(join(folder, name)).size > 100_000));
  });

  test('restores the cache of a killed process first', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const before = files();
    const aside = join(folder, `aside-${pid}`);
    mkdirSync(aside);
    for (const name of own) renameSync(join(folder, name), join(aside, name));
    await (await stepOf()).prepare();
    assert.deepEqual(files(), before);
  });
});
