import fc from 'fast-check';
import { gateNames } from '../../core/gates/gates.ts';
import { combines, makeGraph } from '../../core/graph/graph.ts';
import type { CarriedParts, Ensemble, Graph } from '../../core/graph/graph.ts';
import { kindNames } from '../../core/kinds/kinds.ts';

const models = ['resnet8', 'resnet32', 'resnet110', 'wrn-28-2'];

const carried: fc.Arbitrary<CarriedParts> = fc.record({
  gate: fc.constantFrom(...gateNames),
  kind: fc.constantFrom('kl', ...kindNames),
  weight: fc.constantFrom(1, 1, 1, 0, 0.1, 1000, 1e-7),
  temperature: fc.constantFrom(1, 1, 1, 2, 0.5, 1e-7, 12.25),
});

/** An ensemble has no stages. */
const fromEnsemble = (parts: CarriedParts): CarriedParts =>
  parts.kind === 'kl' || parts.kind === 'repel' ? parts : { ...parts, kind: 'repel' };

const anyEnsemble = (count: number): fc.Arbitrary<Ensemble> =>
  fc
    .record({
      combine: fc.constantFrom(...combines),
      voters: fc.subarray(
        Array.from({ length: count }, (_, i) => i + 1),
        { minLength: 1 },
      ),
      counts: fc.boolean(),
    })
    .map(({ combine, voters, counts }) => ({
      combine,
      voters,
      ...(counts && { isObjective: true as const }),
    }));

/** Any graph of 1 to `most` nodes, some of them with checkpoints of any name. */
export const anyGraph = (most = 5): fc.Arbitrary<Graph> =>
  fc.integer({ min: 1, max: most }).chain((count) =>
    fc
      .record({
        nodes: fc.array(
          fc.record(
            {
              model: fc.constantFrom(...models),
              checkpoint: fc
                .string({ minLength: 1, unit: 'grapheme' })
                .filter((text) => text === text.trim() && text !== '' && !/\p{Cc}/u.test(text)),
            },
            { requiredKeys: ['model'], noNullPrototype: true },
          ),
          { minLength: count, maxLength: count },
        ),
        edges: fc.array(carried, {
          minLength: count * (count + 1),
          maxLength: count * (count + 1),
        }),
        ensemble: fc.option(anyEnsemble(count), { nil: undefined }),
      })
      .map(({ nodes, edges, ensemble }) => {
        let next = 0;
        const parts = (source: number): CarriedParts => {
          const own = edges[next++]!;
          return source > count ? fromEnsemble(own) : own;
        };
        return makeGraph(nodes, parts, undefined, ensemble);
      }),
  );
