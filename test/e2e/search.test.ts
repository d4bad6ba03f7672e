import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { RerunView, WireDecision, StudyView, WireCurve } from '../../core/lab/api.ts';
import { childrenOf, ktg, startKtg } from './ktg.ts';

/**
 * Real training, small enough for a test: 4 updates an epoch. The first ten trials are drawn at
 * random, so that they follow from the seed, on any number of slots; later ones learn from them.
 */
const study = (trials: number): string[] => [
  '--data',
  'synthetic:train=80,test=40',
  '--batch',
  '16',
  '--nodes',
  '2',
  '--auxiliaries',
  'resnet8',
  '--trials',
  String(trials),
  '--epochs',
  '4',
  '--seed',
  '11',
  '--duplicates',
  'train',
  '--json',
];

const folder = mkdtempSync(join(tmpdir(), 'ktg-test-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const lab = (name: string): string => join(folder, `${name}.sqlite`);
const viewOf = async (name: string): Promise<StudyView> =>
  (await ktg(lab(name), 'show', '--json')).json[0] as unknown as StudyView;

/** What is the same however a study was disturbed. */
const essence = ({ trials }: StudyView) =>
  trials.map(({ number, graph, seed, state, epoch, accuracies, stop }) => ({
    number,
    graph,
    seed,
    state,
    epoch,
    accuracies,
    stop,
  }));

describe('ktg search with real training', { concurrency: false }, () => {
  test('a study killed and resumed on one slot ends with the same result', async () => {
    const undisturbed = await ktg(lab('calm'), 'search', ...study(12), '--slots', '1');
    assert.equal(undisturbed.code, 0, undisturbed.err);
    const disturbed = startKtg(lab('killed'), 'search', ...study(12), '--slots', '1');
    await disturbed.line(
      (line) => line.startsWith('{"event":"trial"') && line.includes('"number":4'),
    );
    disturbed.child.kill('SIGKILL');
    assert.equal((await disturbed.ended).signal, 'SIGKILL');
    const resumed = await ktg(lab('killed'), 'resume', '--json');
    assert.equal(resumed.code, 0, resumed.err);

    const [calm, killed] = [await viewOf('calm'), await viewOf('killed')];
    assert.equal(killed.study.state, 'completed');
    assert.deepEqual(essence(killed), essence(calm));
    assert.equal(killed.best!.number, calm.best!.number);
    assert.deepEqual((await ktg(lab('killed'), 'db', 'check', '--json')).json, [{ problems: [] }]);
  });

  test('after kills of a worker and the lab on two slots no trial is lost and every decision is correct', async () => {
    const first = startKtg(lab('two'), 'search', ...study(10), '--slots', '2');
    await first.line((line) => line.startsWith('{"event":"trial"'));
    process.kill(childrenOf(first.child.pid!)[0]!, 'SIGKILL');
    await first.line((line) => line.startsWith('{"event":"trial"') && /"number":[5-9]/.test(line));
    first.child.kill('SIGKILL');
    await first.ended;
    assert.equal((await ktg(lab('two'), 'resume', '--slots', '2', '--json')).code, 0);

    const view = await viewOf('two');
    assert.deepEqual(
      view.trials.map(({ number }) => number),
      Array.from({ length: 10 }, (_, number) => number),
    );
    assert.ok(view.trials.every(({ state }) => state === 'completed' || state === 'stopped'));
    const calm = await viewOf('calm');
    assert.deepEqual(
      view.trials.map(({ key, seed }) => [key, seed]),
      calm.trials.slice(0, 10).map(({ key, seed }) => [key, seed]),
    );
    assertDecisions(view);
    assert.equal(childrenLeft(first.child.pid!), 0);
  });

  test('a re-run over five seeds with a baseline gives mean and deviation', async () => {
    const done = await ktg(
      lab('two'),
      'rerun',
      '--seeds',
      '5',
      '--baseline',
      'independent',
      '--json',
    );
    assert.equal(done.code, 0, done.err);
    const { variants, rerun } = done.json.at(-1) as unknown as RerunView;
    assert.deepEqual(
      variants.map(({ name, values }) => [name, values.length]),
      [
        ['graph', 5],
        ['independent', 5],
      ],
    );
    assert.equal(rerun.training.purpose, 'final');
    const { values, mean, standardDeviation } = variants[0]!;
    const expected = values.reduce((sum, { accuracy }) => sum + accuracy, 0) / 5;
    const squares = values.reduce((sum, { accuracy }) => sum + (accuracy - expected) ** 2, 0);
    assert.ok(Math.abs(mean! - expected) < 1e-12);
    assert.ok(Math.abs(standardDeviation! - Math.sqrt(squares / 4)) < 1e-12);
    assert.equal(new Set(values.map(({ seed }) => seed)).size, 5);
  });

  test('Ctrl-C once pauses the study with checkpoints, and it continues from them', async () => {
    const running = startKtg(lab('paused'), 'search', ...study(10), '--slots', '2');
    await running.line((line) => line.startsWith('{"event":"trial"'));
    running.child.kill('SIGINT');
    const ended = await running.ended;
    assert.equal(ended.code, 130, ended.err);
    const view = await viewOf('paused');
    assert.equal(view.study.state, 'paused');
    assert.ok(view.trials.every(({ state }) => state !== 'running'));
    assert.equal((await ktg(lab('paused'), 'stop', '--json')).code, 0);
  });
});

/** Every trial ended where the rule let it, with the accuracy that it was judged by. */
function assertDecisions({ curves, trials, rungs }: StudyView): void {
  assert.deepEqual(rungs, [1, 2]);
  const curveOf = new Map(curves.map((curve: WireCurve) => [curve.run, curve.accuracy[0]!]));
  for (const { run, stop, state, epoch, epochs } of trials) {
    const curve = curveOf.get(run)!;
    assert.equal(curve.length, epoch);
    if (state === 'completed') assert.equal(epoch, epochs);
    else {
      const { rung, value, rank, limit } = stop as WireDecision;
      assert.equal(rung, epoch);
      assert.equal(value, curve[rung - 1]);
      assert.ok(rank! > limit!);
    }
  }
}

/** Workers that outlived their lab. */
function childrenLeft(pid: number): number {
  try {
    return childrenOf(pid).length;
  } catch {
    return 0;
  }
}
