import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromText } from '../../core/graph/text.ts';
import { type Bundle, emptyBundle, parseBundle } from '../../core/study/bundle.ts';
import { type Compared, comparedWith } from '../../core/study/bundle-compare.ts';
import type { Environment } from '../../core/study/environment.ts';
import { training } from '../contract/samples.ts';

const here: Environment = {
  ...{ app: '0.1.0', revision: 'abc', runtime: 'node 24.21.0', platform: 'linux x64' },
  ...{ engine: 'tensorflow 2.21.0 (captured, session, float32)', host: 'lena' },
  ...{ device: 'CPU, 2 threads: EPYC', data: 'synthetic:0' },
};

interface Change {
  environment?: Partial<Environment>;
  accuracy?: number;
  curve?: number[];
  teachers?: Bundle['teachers'];
  graph?: string;
}

/** A bundle of one graph and seed. */
function bundle({
  environment,
  accuracy = 0.5,
  curve,
  teachers,
  graph = 'resnet8=T',
}: Change): Bundle {
  return {
    ...emptyBundle,
    ...{ name: 'B', rerun: 1, training: training({ epochs: 2 }), data: 'synthetic:0' },
    variants: [{ name: 'graph', graph: fromText(graph) }],
    seeds: [7],
    results: [{ variant: 0, seed: 7, accuracy, curve: curve ?? [0.25, accuracy], environment: 0 }],
    ...(teachers && { teachers }),
    environments: [{ ...here, ...environment }],
  };
}

const compared = (before: Bundle, now: Bundle | null): Compared => comparedWith(before, now)[0]!;

describe('numbers of a bundle beside those found', () => {
  test('have to be the same where all circumstances are; a host’s name is none', () => {
    const { mustEqual, differ, unknown, parting } = compared(
      bundle({}),
      bundle({ environment: { host: 'nora' } }),
    );
    assert.deepEqual(
      { mustEqual, differ, unknown, parting },
      {
        ...{ mustEqual: true, differ: [], unknown: [], parting: null },
      },
    );
  });

  test('may differ with threads, engine, precision, program or data', () => {
    for (const [field, value] of [
      ['device', 'CPU, 1 thread: EPYC'],
      ['engine', 'tensorflow 2.21.0 (captured, session, bfloat16)'],
      ['revision', 'def'],
      ['data', 'synthetic:1'],
    ] as const) {
      const { mustEqual, differ } = compared(
        bundle({}),
        bundle({ environment: { [field]: value } }),
      );
      assert.deepEqual([mustEqual, differ], [false, [field]]);
    }
  });

  test('may differ in what a record does not tell', () => {
    const newer = bundle({ environment: { kernels: 'KTG Lab (norms)' } });
    const { mustEqual, differ, unknown } = compared(bundle({}), newer);
    assert.deepEqual([mustEqual, differ, unknown], [false, [], ['kernels']]);
    const old = bundle({});
    old.results[0]!.environment = null;
    assert.deepEqual(compared(old, bundle({})).unknown, ['environment']);
  });

  test('may differ on cards that do not repeat their bits', () => {
    const on = (engine: string): Bundle =>
      bundle({ environment: { engine, device: 'GPU 0, H100' } });
    const [plain, same] = [
      on('tensorflow (compiled, XLA, tf32)'),
      on('t (XLA, tf32, deterministic)'),
    ];
    assert.equal(compared(plain, plain).mustEqual, false);
    assert.equal(compared(same, same).mustEqual, true);
  });

  test('may differ with the weights of a teacher', () => {
    const taught = (sha256?: string): Bundle =>
      bundle({
        graph: 'resnet8=XT,resnet32=XX',
        ...(sha256 !== undefined && { teachers: [{ model: 'resnet32', sha256 }] }),
      });
    assert.equal(compared(taught('a'), taught('a')).mustEqual, true);
    assert.deepEqual(compared(taught('a'), taught('b')).differ, ['teachers']);
    assert.deepEqual(compared(taught(), taught('b')).unknown, ['teachers']);
  });

  test('part at the first epoch that is not the same', () => {
    const { parting } = compared(bundle({}), bundle({ curve: [0.125, 0.5] }));
    assert.deepEqual(parting, { epoch: 1, expected: 0.25, found: 0.125 });
    const last = compared(bundle({}), bundle({ accuracy: 0.75 }));
    assert.deepEqual(last.parting, { epoch: 2, expected: 0.5, found: 0.75 });
    const short = compared(bundle({}), bundle({ curve: [0.25] }));
    assert.deepEqual(short.parting, { epoch: 2, expected: 0.5, found: null });
    const bare = compared(bundle({ curve: [] }), bundle({ accuracy: 0.75 }));
    assert.deepEqual(bare.parting, { epoch: 2, expected: 0.5, found: 0.75 });
  });

  test('have no answer without a result', () => {
    const other = bundle({ graph: 'resnet32=T' });
    for (const now of [null, other]) {
      const { found, mustEqual } = compared(bundle({}), now);
      assert.deepEqual([found, mustEqual], [null, false]);
    }
  });
});

describe('a bundle that contradicts itself', () => {
  const refusal = (made: Bundle): unknown => {
    try {
      return parseBundle(JSON.stringify(made), 'B') && null;
    } catch (error) {
      return error;
    }
  };

  test('is refused with both numbers', () => {
    const { code, message } = refusal(bundle({ accuracy: 0.9, curve: [0.1, 0.22] })) as Error & {
      code: string;
    };
    assert.equal(code, 'bundle.contradiction');
    assert.match(
      message,
      /accuracy of graph, seed 7, is 90\.0000 %, and its own curve ends with 22\./,
    );
    assert.equal(refusal(bundle({})), null);
    assert.equal(refusal(bundle({ curve: [] })), null, 'no curve, no contradiction');
    const ensemble = 'resnet8=TX,ensemble=logits.objective';
    assert.equal(refusal(bundle({ graph: ensemble, curve: [0.1, 0.2] })), null);
  });

  test('is refused with two results of one graph and seed', () => {
    const twice = bundle({});
    twice.results.push({ ...twice.results[0]!, accuracy: 0.5 });
    assert.match(String(refusal(twice)), /graph, seed 7, has two results/);
  });
});
