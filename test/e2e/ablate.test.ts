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

  test('a bundle of it is verified to the last bit', async () => {
    const exported = await ktg(own, 'export', '--rerun', '1', '--as', 'bundle', '--out', bundle);
    assert.equal(exported.code, 0, exported.err);
    const verified = await ktg(other, 'verify', bundle, '--slots', '1');
    assert.equal(verified.code, 0, verified.err);
    assert.match(verified.out, /The numbers agree: all are the same to the last bit\.\n$/);
  });

  test('a bundle with one changed seed does not agree, and that seed is named', async () => {
    const file = changed('seed.json', (made) => {
      const [first] = made.results;
      first!.accuracy = first!.curve[0] = 0.9;
    });
    const { code, out } = await verifiedAgain(file);
    assert.equal(code, 1);
    const { results } = JSON.parse(readFileSync(bundle, 'utf8')) as Bundle;
    const { seed, accuracy } = results[0]!;
    const there = `${(100 * accuracy).toFixed(4)} %`;
    assert.ok(out.includes(`graph, seed ${seed}: 90.0000 % in the bundle, ${there} here.`), out);
    const { json } = await verifiedAgain(file, '--json');
    const { agrees, kind, broken } = json.at(-1)! as {
      broken: { seed: number };
    } & (typeof json)[0];
    assert.deepEqual([agrees, kind, broken.seed], [false, 'different', seed]);
  });

  test('a bundle whose accuracy is not the end of its own curve is refused', async () => {
    const file = changed('accuracy.json', (made) => {
      made.results[0]!.accuracy = 0.9;
    });
    const { code, err } = await verifiedAgain(file);
    assert.equal(code, 1);
    assert.match(err, /contradicts itself: the accuracy of graph, seed \d+, is 90\.0000 %, and/);
  });

  test('elsewhere two seeds cannot tell, and say which difference they could have shown', async () => {
    const file = changed('elsewhere.json', (made) => {
      made.environments[0]!.device = 'CPU, 64 threads: another processor';
      for (const result of made.results) {
        result.accuracy = result.curve[0] = Math.min(
          1,
          result.accuracy + 0.02 * (1 + (result.seed % 2)),
        );
      }
    });
    const { code, out, json } = await verifiedAgain(file, '--json');
    assert.equal(code, 3, out);
    const { agrees, kind, margin, notes } = json.at(-1)!;
    assert.deepEqual([agrees, kind, margin], [null, 'undecided', 0.01]);
    assert.match(String(notes), /^device: CPU, 64 threads: another processor in the bundle, CPU, /);
    const words = await verifiedAgain(file);
    assert.equal(words.code, 3);
    assert.match(words.out, /It cannot be told whether the numbers agree within 1 points/);
  });

  test('an older record does not tell everything, and that is said', async () => {
    const file = changed('older.json', (made) => {
      made.results[0]!.environment = null;
      made.results[0]!.accuracy = made.results[0]!.curve[0] = 0.5;
    });
    const { code, out } = await verifiedAgain(file);
    assert.notEqual(code, 0);
    assert.match(out, /Not known to be the same, because a record does not tell: environment\./);
  });
});

const bundle = join(folder, 'ablation.json');

/** Writes the bundle with a change to another file. */
function changed(name: string, change: (made: Bundle) => void): string {
  const made = JSON.parse(readFileSync(bundle, 'utf8')) as Bundle;
  change(made);
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify(made));
  return file;
}

/** Compares a bundle with the runs that were trained before. */
const verifiedAgain = async (file: string, ...rest: string[]) =>
  ktg(other, 'verify', file, '--continue', '1', ...rest);
