import fc from 'fast-check';
import { gateNames } from '../../core/gates/gates.ts';
import { makeGraph } from '../../core/graph/graph.ts';
import type { Carried, Graph } from '../../core/graph/graph.ts';

const models = ['resnet8', 'resnet32', 'resnet110', 'wrn-28-2'];

const carried: fc.Arbitrary<Carried> = fc.record({
  gate: fc.constantFrom(...gateNames),
  temperature: fc.constantFrom(1, 1, 1, 2, 0.5, 1e-7, 12.25),
});

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
        edges: fc.array(carried, { minLength: count * count, maxLength: count * count }),
      })
      .map(({ nodes, edges }) => {
        let next = 0;
        return makeGraph(nodes, () => edges[next++]!);
      }),
  );
