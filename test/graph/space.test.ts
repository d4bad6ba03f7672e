import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { stream } from '../../core/base/random.ts';
import { gateNames } from '../../core/gates/gates.ts';
import type { GateName } from '../../core/gates/gates.ts';
import { isFrozen } from '../../core/graph/graph.ts';
import { kindNames } from '../../core/kinds/kinds.ts';
import { withLock } from '../../core/graph/lock.ts';
import {
  acceptedSize,
  requirePossible,
  spaceSize,
  spaceText,
} from '../../core/graph/space-size.ts';
import {
  dimensions,
  graphAt,
  judgeDraw,
  paperSpace,
  parseSpace,
  sample,
  withGates,
  withModels,
  withSpaceEnsemble,
} from '../../core/graph/space.ts';
import type { SearchSpace } from '../../core/graph/space.ts';
import { toText } from '../../core/graph/text.ts';
import { quickLook } from '../../core/study/presets.ts';

const locked = (space: SearchSpace, ...locks: string[]): SearchSpace =>
  locks.reduce(withLock, space);

/** Every setting of a (small) space. */
function* settings(space: SearchSpace): Generator<number[]> {
  const sizes = dimensions(space).map(({ choices }) => choices.length);
  const picks = sizes.map(() => 0);
  for (;;) {
    yield [...picks];
    const at = picks.findIndex((pick, index) => pick + 1 < sizes[index]!);
    if (at < 0) return;
    picks.fill(0, 0, at);
    picks[at]!++;
  }
}

/** Spaces of one or two nodes with any choices left on their edges, some with an ensemble. */
const smallSpace = fc
  .record({
    gates: fc.array(fc.subarray([...gateNames] as GateName[], { minLength: 1 }), {
      minLength: 1,
      maxLength: 4,
    }),
    frozen: fc.boolean(),
    kinds: fc.subarray([...kindNames], { minLength: 1, maxLength: 2 }),
    weights: fc.subarray([0, 1, 3], { minLength: 1, maxLength: 2 }),
    ensemble: fc.constantFrom('none', 'observer', 'objective'),
  })
  .map(({ gates, frozen, kinds, weights, ensemble }): SearchSpace => {
    const space = paperSpace(gates.length === 4 ? 2 : 1, 'resnet8', ['resnet8', 'resnet14']);
    const last = space.edges.length - 1;
    const given = parseSpace({
      ...space,
      frozen,
      edges: space.edges.map((edge, index) => ({
        ...edge,
        gates: gates[index]?.slice(0, 3) ?? gateNames.slice(0, 3),
        ...(index === last && edge.source > 0 && { kinds }),
        ...(index === 0 && { weights }),
      })),
    });
    if (ensemble === 'none') return given;
    const counts = ensemble === 'objective' ? { isObjective: true as const } : {};
    return withSpaceEnsemble(given, { combine: 'logits', ...counts });
  });

describe('search space', () => {
  test('sizes equal 4^(M*M) * 3^(M-1), exactly, also above 2^53', () => {
    assert.equal(spaceSize(paperSpace(1)), 4n);
    assert.equal(spaceSize(paperSpace(3)), 2_359_296n);
    assert.equal(spaceSize(paperSpace(7)), 4n ** 49n * 3n ** 6n);
    assert.equal(acceptedSize(paperSpace(3)), (4n ** 3n - 1n) * 4n ** 6n * 9n);
  });

  test('its description counts graphs, combinations and exclusions', () => {
    assert.equal(spaceText(quickLook(1).space), '450 graphs; 512 combinations, 62 excluded');
    assert.equal(spaceText(paperSpace(1)), '3 graphs; 4 combinations, 1 excluded');
    assert.match(
      spaceText(paperSpace(3)),
      /^2,322,432 graphs; 2,359,296 combinations, 36,864 excluded$/,
    );
    assert.equal(spaceText(withGates(paperSpace(1), 0, 1, ['through'])), '1 graph');
  });

  test('the accepted size equals a count one by one', () => {
    fc.assert(
      fc.property(smallSpace, (space) => {
        const draws = [...settings(space)].map((picks) => judgeDraw(space, graphAt(space, picks)));
        assert.equal(BigInt(draws.length), spaceSize(space));
        const kept = draws.filter(({ rejected }) => !rejected).map(({ graph }) => toText(graph));
        assert.equal(BigInt(new Set(kept).size), acceptedSize(space));
        if (acceptedSize(space) > 0n) requirePossible(space);
        else assert.throws(() => requirePossible(space), { code: 'space.impossible' });
      }),
      { numRuns: 40 },
    );
  });

  test('draws respect locks and give the reason of a rejection', () => {
    const space = locked(paperSpace(3), '2=wrn-28-2', '0-2=X', '1-2=X', '3-2=cutoff', '3-1=L+C');
    const reasons = new Map<string | undefined, number>();
    for (let trial = 0; trial < 2000; trial++) {
      const { graph, rejected } = sample(space, stream('test', trial));
      assert.match(
        toText(graph),
        /^resnet32=[TXLC]{2}[LC],wrn-28-2=XXX,(resnet32|resnet110|wrn-28-2)=[TXLC]{3}$/,
      );
      reasons.set(rejected, (reasons.get(rejected) ?? 0) + 1);
    }
    assert.deepEqual([...reasons.keys()], [undefined], 'node 3 always teaches the target here');
    const closed = { ...space, frozen: false };
    assert.equal(sample(closed, stream('test', 1)).rejected, 'frozen-not-allowed');
    const alone = sample(locked(paperSpace(1), '0-1=X'), stream('test', 1));
    assert.equal(alone.rejected, 'target-frozen');
    assert.ok(isFrozen(alone.graph, 1));
  });

  test('draws are uniform and a seed determines the graph', () => {
    const space = paperSpace(2);
    const counts = new Map<string, number>();
    for (let trial = 0; trial < 4000; trial++) {
      for (const [index, letter] of [...toText(sample(space, stream(7, trial)).graph)].entries()) {
        if ('TXLC'.includes(letter) && index < 11)
          counts.set(`${index}${letter}`, (counts.get(`${index}${letter}`) ?? 0) + 1);
      }
    }
    assert.equal(counts.size, 8);
    // Binomial(4000, 1/4): standard deviation 27.
    for (const [key, count] of counts) assert.ok(Math.abs(count - 1000) < 150, `${key}: ${count}`);
    assert.deepEqual(sample(space, stream(7, 3)), sample(space, stream(7, 3)));
  });

  test('an impossible space names the node', () => {
    const cut = locked(paperSpace(2), '0-1=X', '2-1=X');
    assert.equal(acceptedSize(cut), 0n);
    assert.throws(() => requirePossible(cut), {
      code: 'space.impossible',
      message: /into node 1 .*always be frozen/,
    });
    const frozen = locked(paperSpace(2), '0-2=X', '1-2=X');
    requirePossible(frozen);
    assert.throws(() => requirePossible({ ...frozen, frozen: false }), {
      code: 'space.impossible',
      message: /node 2 would always be frozen/,
    });
  });

  test('an invalid space is refused with the place', () => {
    const space = paperSpace(2);
    const bad = (change: object, code: string, message: RegExp): void =>
      assert.throws(() => parseSpace({ ...space, ...change }), { code: `space.${code}`, message });
    bad({ version: 3 }, 'wrong-version', /version: found 3/);
    bad({ nodes: [] }, 'node-count', /nodes/);
    bad({ nodes: [{ models: [] }] }, 'choice-count', /nodes\[0\]\.models: found a list of 0/);
    bad({ nodes: [{ models: ['ResNet8', 'resnet8'] }] }, 'repeated-choice', /nodes\[0\]\.models/);
    bad({ nodes: [{ models: ['vgg'] }] }, 'unknown-model', /nodes\[0\]\.models\[0\]: found "vgg"/);
    bad({ frozen: 1 }, 'wrong-type', /frozen: found 1, expected boolean/);
    bad({ edges: [{ source: 1, destination: 1, gates: ['through'] }] }, 'self-edge', /edges\[0\]/);
    bad(
      { edges: [{ source: 5, destination: 1, gates: ['through'] }] },
      'no-such-node',
      /edges\[0\]\.source/,
    );
    bad(
      { edges: [{ source: 0, destination: 1, gates: ['open'] }] },
      'unknown-gate',
      /edges\[0\]\.gates\[0\]/,
    );
    assert.deepEqual(parseSpace(JSON.parse(JSON.stringify(space))), space);
    assert.deepEqual(
      parseSpace({ ...space, edges: [] }),
      space,
      'a missing edge is open to every gate',
    );
  });

  test('a lock only narrows the space', () => {
    const space = paperSpace(2);
    assert.deepEqual(withLock(space, '2=ResNet110'), withModels(space, 2, ['resnet110']));
    assert.deepEqual(
      withLock(space, '2-1=T+correct'),
      withGates(space, 2, 1, ['through', 'correct']),
    );
    for (const text of [
      '',
      '2',
      '2=',
      '3=resnet8',
      '0=resnet8',
      '1-1=T',
      '1-0=T',
      '2-1=Q',
      '2-1=T,L',
      '12-1=T',
    ]) {
      assert.throws(() => withLock(space, text), { code: 'space.bad-lock' }, text);
    }
    assert.throws(() => withLock(space, '2=vgg'), { code: 'space.unknown-model' });
    assert.throws(() => withLock(space, '2-1=T+T'), { code: 'space.repeated-choice' });
  });
});
