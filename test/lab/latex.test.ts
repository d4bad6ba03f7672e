import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare } from '../../core/analysis/comparison.ts';
import { fromText } from '../../core/graph/text.ts';
import type { RerunView, VariantView } from '../../core/lab/api.ts';
import { rerunLatex, studyLatex } from '../../core/lab/latex.ts';
import { referenceFor } from '../../core/search/reference.ts';
import { scriptedLab, studyIs } from './support.ts';
import { plan } from '../contract/samples.ts';

const seeds = (...values: number[]) => new Map(values.map((value, seed) => [seed, value]));
const [clear, unclear] = compare(seeds(0.726, 0.729, 0.724, 0.728, 0.73), [
  seeds(0.701, 0.706, 0.698, 0.704, 0.703),
  seeds(0.725, 0.73, 0.722, 0.729, 0.731),
]);

const view = (baselines: Partial<VariantView>[]): RerunView =>
  ({
    rerun: {
      name: 'Best_of 50 % & more',
      training: { data: 'cifar100', protocol: 'paper', epochs: 200 },
    },
    variants: [{ name: 'graph', comparison: null }, ...baselines].map((each) => ({
      graph: fromText('resnet8=T'),
      values: [1, 2, 3],
      mean: 0.7274,
      standardDeviation: 0.0024,
      runs: [{ attempts: 1 }],
      ...each,
    })),
    reference: referenceFor(2),
  }) as unknown as RerunView;

test('bold marks what the corrected test says: gains, and the mean where it beats every baseline', () => {
  const best = rerunLatex(view([{ name: 'kd', comparison: clear! }]));
  assert.match(best, /This graph & \$\\mathbf\{72\.74 \\pm 0\.24\}\$/);
  assert.match(
    best,
    /KD & \$72\.74 \\pm 0\.24\$ & \$\\mathbf\{\+2\.50\}\$ & \$\[\+2\.30, \+2\.70\]\$/,
  );
  const mixed = rerunLatex(
    view([
      { name: 'kd', comparison: clear! },
      { name: 'dml', comparison: unclear! },
    ]),
  );
  assert.match(mixed, /This graph & \$72\.74 \\pm 0\.24\$/);
  assert.match(mixed, /DML & .* & \$\+0\.00\$/);
  assert.match(mixed, /KD \(T = 2\) from ResNet110\* \(published\) & \$71\.43 \\pm 0\.43\$/);
});

test('a table says on which other machines its runs were trained', () => {
  assert.doesNotMatch(rerunLatex(view([])), /Trained on/);
  const runs = [{ attempts: 1, machines: ['lena'] }, { attempts: 1 }, { attempts: 0 }];
  const baseline = { name: 'kd', comparison: null, runs } as Partial<VariantView>;
  assert.match(rerunLatex(view([baseline])), /Trained on the lab’s own machine, lena\./);
});

test('tables need booktabs only; names from people are escaped', () => {
  const text = rerunLatex(view([]));
  for (const part of ['\\toprule', '\\midrule', '\\bottomrule', 'Best\\_of 50 \\% \\& more'])
    assert.ok(text.includes(part), part);
  assert.doesNotMatch(text, /NaN|undefined|null/);
});

test('the caption names whose accuracy counts', () => {
  assert.match(rerunLatex(view([])), /accuracy of node 1 on cifar100/);
  const graph = fromText('resnet8=TX,ensemble=logits.objective');
  const { variants, ...rest } = view([{ name: 'dml' }]);
  const judged = variants.map((one, i) => (i === 0 ? { ...one, graph } : one));
  const text = rerunLatex({ ...rest, variants: judged });
  assert.match(text, /accuracy of the ensemble or node 1 on cifar100/);
});

test('a study gives its best trials, also before it has any', async (context) => {
  const lab = scriptedLab();
  context.after(() => lab.close('at-once'));
  const { study } = await lab.request('studies.create', { name: 'A', plan: plan(), start: false });
  const empty = studyLatex(await lab.request('studies.open', { study: study.id }));
  assert.match(
    empty,
    /\\midrule\n {2}\\multicolumn\{5\}\{c\}\{No trial has a result\} \\\\\n {2}\\bottomrule/,
  );
  await lab.request('studies.resume', { study: study.id });
  await studyIs(lab, study.id, 'completed');
  const full = studyLatex(await lab.request('studies.open', { study: study.id }));
  assert.match(full, /\\texttt\{resnet8=/);
  assert.doesNotMatch(full, /NaN|undefined|mathbf/);
});
