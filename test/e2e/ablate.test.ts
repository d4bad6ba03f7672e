/** Ablation, bundle and verification as a person types them, with real training. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { RerunView } from '../../core/lab/api.ts';
import type { Bundle } from '../../core/study/bundle.ts';
import { ktg } from './ktg.ts';

const folder = mkdtempSync(join(tmpdir(), 'ktg-ablate-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const [own, other] = ['own', 'other'].map((name) => join(folder, `${name}.sqlite`)) as [
  string,
  string,
];

/** One update an epoch. Without the edge 2-1 node 1 would be frozen, so two edges remain. */
const wish = [
  ...['ablate', 'resnet8=XT,resnet8=TC', '--seeds', '2', '--epochs', '1'],
  ...['--data', 'synthetic:train=64,test=50', '--slots', '1'],
];

describe('ktg ablate and ktg verify with real training', { concurrency: false }, () => {
  test('edges are removed one at a time over shared seeds', async () => {
    const done = await ktg(own, ...wish, '--json');
    assert.equal(done.code, 0, done.err);
    const { rerun, variants } = done.json.at(-1) as unknown as RerunView;
    assert.deepEqual(
      variants.map(({ name, values }) => [name, values.map(({ seed }) => seed)]),
      ['graph', 'cutoff 0-2', 'cutoff 1-2'].map((name) => [name, rerun.seeds]),
    );
    assert.equal(rerun.ablation!.skipped[0]!.reason, 'target-frozen');
  });

  test('a preview says what would be trained and counts again, and creates nothing', async () => {
    const { code, out } = await ktg(own, ...wish, '--seeds', '3', '--preview');
    assert.equal(code, 0);
    assert.match(out, /^2 changes: cutoff 0-2, cutoff 1-2\nSkipped: cutoff 2-1: the target would/);
    assert.match(out, /6 results of this lab are used again\.\n3 runs/);
    assert.equal(((await ktg(own, 'list', '--json')).json[0]!.reruns as unknown[]).length, 1);
  });

  test('a preview names changes that cannot matter', async () => {
    const graph = ['ablate', 'resnet8=TTX,resnet8=TXX,resnet8=TTX', ...wish.slice(2)];
    const { code, out } = await ktg(own, ...graph, '--preview');
    assert.equal(code, 0);
    const [changes, ...skipped] = out.split('\n');
    assert.equal(changes, '3 changes: cutoff 0-1, cutoff 2-1, cutoff 0-2');
    assert.match(skipped[0]!, /^Skipped: cutoff 0-3: cannot matter, because no path .* node 3 to/);
    assert.match(skipped[1]!, /^Skipped: cutoff 1-3: cannot matter/);
    assert.match(skipped[2]!, /^8 runs/, 'the graph and three changes, two seeds each');
  });

  test('a bundle of it is verified to the last bit, and a changed one is not', async () => {
    const bundle = join(folder, 'ablation.json');
    const exported = await ktg(own, 'export', '--rerun', '1', '--as', 'bundle', '--out', bundle);
    assert.equal(exported.code, 0, exported.err);
    const verified = await ktg(other, 'verify', bundle, '--slots', '1');
    assert.equal(verified.code, 0, verified.err);
    assert.match(verified.out, /The numbers agree: all are the same to the last bit\.\n$/);
    const changed = JSON.parse(readFileSync(bundle, 'utf8')) as Bundle;
    const results = changed.results.map((each) => ({ ...each, accuracy: each.accuracy + 0.25 }));
    writeFileSync(bundle, JSON.stringify({ ...changed, results }));
    const differs = await ktg(other, 'verify', bundle, '--continue', '1', '--json');
    assert.equal(differs.code, 1);
    const { agrees, kind } = differs.json.at(-1)!;
    assert.deepEqual([agrees, kind], [false, 'different']);
  });
});
