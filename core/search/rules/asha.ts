import * as v from 'valibot';
import { ladder, rule as ashaRule } from '../asha.ts';
import type { Ladder } from '../asha.ts';
import { EPOCH_LIMIT, countSchema, notANumber, placeAfter } from './_base.ts';
import type { Judge, Recorded, StoppingRule } from './_base.ts';

const epochNumber = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(EPOCH_LIMIT));

const ascending = v.check<number[], string>(
  (values) => values.every((value, at) => at === 0 || value > values[at - 1]!),
  'Expected ascending numbers.',
);

const schema = v.strictObject({
  kind: v.literal('asha'),
  reductionFactor: v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(1000)),
  minimumResource: epochNumber,
  rungs: v.exactOptional(v.pipe(v.array(epochNumber), v.minLength(1), v.maxLength(100), ascending)),
});

type Options = v.InferOutput<typeof schema>;

const reason = v.strictObject({
  kind: v.literal('asha'),
  /** Values at this rung when it was decided, this one included. */
  n: countSchema,
  /** 1 + number of strictly better values. */
  rank: countSchema,
  /** The last rank that continues. */
  limit: countSchema,
});

type Reason = v.InferOutput<typeof reason>;

/**
 * Judges at rungs: the epochs minimumResource * reductionFactor^k, or `rungs` (the rule itself:
 * ../asha.ts).
 */
export const asha = {
  kind: 'asha',
  schema,
  // The paper's rule: the worst half stops at epochs 1, 2, 4, ...
  usual: { kind: 'asha', reductionFactor: 2, minimumResource: 1 },
  reason,
  because: (value, { n, rank, limit }) => `${value}, rank ${rank} of ${n}, needs <= ${limit}`,
  name: 'ASHA',
  title: 'ASHA: worst half stops',
  about: ({
    reductionFactor: by,
    minimumResource: first,
    rungs = [first, first * by, first * by ** 2],
  }) =>
    `At epochs ${rungs.join(', ')}, …: a trial continues if 1 + better values ≤ max(1, ⌊n/${by}⌋).`,
  fields: [
    {
      key: 'reductionFactor',
      type: 'whole',
      title: 'One in N continues',
      option: 'reduction',
      usage: 'one in N continues at a rung',
      least: 2,
      most: 1000,
    },
    {
      key: 'minimumResource',
      type: 'whole',
      title: 'First rung, an epoch',
      option: 'min-epochs',
      usage: 'first rung',
      least: 1,
      most: EPOCH_LIMIT,
    },
    {
      key: 'rungs',
      type: 'epochs',
      title: 'Rungs',
      option: 'rungs',
      usage: 'epochs of the rungs instead',
      least: 1,
      most: EPOCH_LIMIT,
    },
  ],
  rungs: (options, epochs) => ladderOf(options, epochs).rungs,
  rungBeyondEnd: ({ rungs }, epochs) => rungs?.find((each) => each >= epochs),
  expectedShare: ({ reductionFactor }) => 1 / reductionFactor,
  goesOn: ({ reductionFactor }) =>
    reductionFactor === 2
      ? 'the better half of all so far continues'
      : `the best ${Math.round(100 / reductionFactor)} % of all so far continue`,
  explain: ({ reductionFactor }) =>
    'At a rung a trial continues if its rank, 1 + number of strictly better values, ' +
    `is at most max(1, ⌊n/${reductionFactor}⌋) of the n values recorded there so far.`,
  judge: (options, epochs, recorded) => judgeBy(ladderOf(options, epochs), recorded),
} as const satisfies StoppingRule<Options, Reason>;

function ladderOf({ rungs, minimumResource, reductionFactor }: Options, epochs: number): Ladder {
  if (!rungs) return ladder(epochs, minimumResource, reductionFactor);
  // The last epoch ends a trial anyway and is no rung.
  return { rungs: rungs.filter((rung) => rung < epochs), reduction: reductionFactor };
}

function judgeBy({ rungs, reduction }: Ladder, before: Recorded): Judge<Reason> {
  /** Recorded values by rung, ascending. */
  const values = new Map<number, number[]>();
  const valuesAt = (rung: number): number[] => {
    let known = values.get(rung);
    if (!known) values.set(rung, (known = before.rungValues(rung).sort((a, b) => a - b)));
    return known;
  };
  return {
    rungs,
    judge(_run, epoch, accuracy) {
      const filled = rungs.filter((rung) => rung < epoch).length;
      const standing = (rung: number) => {
        const recorded = valuesAt(rung);
        return { n: recorded.length + 1, better: recorded.length - placeAfter(recorded, accuracy) };
      };
      const ruling = ashaRule({ rungs, reduction }, filled, epoch, accuracy, standing);
      if (ruling.reason === 'not-a-number') return [notANumber(epoch, valuesAt(epoch).length)];
      return ruling.verdicts.map(({ rung, decision, n, rank, limit }) => ({
        rung,
        value: accuracy,
        go: decision === 'continue',
        reason: { kind: 'asha', n, rank, limit },
      }));
    },
    recorded(_run, _epoch, _accuracy, decisions) {
      for (const { rung, value } of decisions) {
        // A rung that was not looked at yet is read from the store later, with this value in it.
        const recorded = values.get(rung);
        if (value !== null) recorded?.splice(placeAfter(recorded, value), 0, value);
      }
    },
  };
}
