import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { StudyEffects, StudyView } from '../../core/lab/api.ts';
import { kindNames } from '../../core/kinds/kinds.ts';
import { ktg, startKtg } from './ktg.ts';

const TRIALS = 10;

/** Every kind and gate on the edges between two networks, judged by their ensemble. */
const study = [
  ...[
    '--data',
    'synthetic:train=120,test=60,classes=4',
    '--nodes',
    '2',
    '--auxiliaries',
    'resnet8',
  ],
  ...[
    '--trials',
    String(TRIALS),
    '--epochs',
    '2',
    '--batch',
    '24',
    '--seed',
    '3',
    '--start',
    'none',
  ],
  ...['--ensemble', 'probabilities', '--objective', 'ensemble', '--sampler', 'random'],
  ...['--lock', `2-1.kind=${kindNames.join('+')}`, '--lock', `1-2.kind=${kindNames.join('+')}`],
  ...['--lock', '2-1=T+N+S+M', '--lock', '1-2=T+N+S+M', '--lock', '0-1=T', '--lock', '0-2=T'],
  ...['--lock', '2-1.weight=0.5+1', '--lock', '2-1.temperature=1+4', '--slots', '1', '--json'],
];

const folder = mkdtempSync(join(tmpdir(), 'ktg-kinds-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const lab = join(folder, 'lab.sqlite');

test('a study over kinds of edges trains, survives a kill, and its effects compare the kinds', async () => {
  const first = startKtg(lab, 'search', ...study);
  await first.line((line) => line.startsWith('{"event":"trial"') && line.includes('"number":3'));
  first.child.kill('SIGKILL');
  await first.ended;
  const resumed = await ktg(lab, 'resume', '--json');
  assert.equal(resumed.code, 0, resumed.err);

  const {
    study: record,
    trials,
    best,
  } = (await ktg(lab, 'show', '--json')).json[0] as unknown as StudyView;
  assert.equal(record.state, 'completed');
  assert.equal(trials.length, TRIALS);
  for (const { number, state, accuracy, accuracies } of trials) {
    if (state === 'duplicate') continue;
    assert.match(state, /^(completed|stopped)$/, `trial ${number}`);
    assert.equal(accuracies.length, 3, 'two networks and their ensemble');
    assert.equal(accuracy, accuracies[2], 'the ensemble counts');
  }
  const edges = trials.flatMap(({ graph }) => graph.edges.filter(({ source }) => source > 0));
  const kinds = new Set(edges.map(({ kind }) => kind ?? 'kl'));
  assert.deepEqual([...kinds].sort(), [...kindNames].sort());
  assert.ok(
    ['negative-linear', 'half-cosine', 'correct-mean'].every((gate) =>
      edges.some((edge) => edge.gate === gate),
    ),
  );
  assert.ok(best!.graph.ensemble?.isObjective);

  const [effects] = (await ktg(lab, 'effects', '--json')).json as unknown as StudyEffects[];
  const searched = effects!.dimensions.map(({ kind }) => kind);
  for (const part of ['gate', 'kind', 'weight', 'temperature'] as const)
    assert.ok(searched.includes(part), part);
  const words = (await ktg(lab, 'effects')).out;
  assert.match(words, /repel|attention/i, words);
  const check = await ktg(lab, 'db', 'check', '--json');
  assert.deepEqual(check.json, [{ problems: [] }]);
});
