import * as v from 'valibot';
import { ladder, rule, standingAmong } from '../../core/search/asha.ts';
import { Tally } from './report.ts';
import type { ParityReport } from './report.ts';

const event = v.union([
  v.tuple([v.literal('r'), v.number(), v.number(), v.nullable(v.number()), v.picklist([0, 1])]),
  v.tuple([
    v.literal('r'),
    v.number(),
    v.number(),
    v.nullable(v.number()),
    v.picklist([0, 1]),
    v.number(),
    v.number(),
  ]),
  v.tuple([v.picklist(['f', 'd']), v.number()]),
]);

const ashaFixture = v.object({
  kind: v.literal('asha'),
  min_resource: v.number(),
  reduction_factor: v.number(),
  min_early_stopping_rate: v.literal(0),
  direction: v.literal('maximize'),
  last_epoch: v.number(),
  sequences: v.array(v.object({ id: v.number(), style: v.string(), events: v.array(event) })),
});

/**
 * Plays every recorded sequence through the rule and compares each decision, count and number of
 * better values with Optuna's.
 */
export function ashaParity(file: string, json: unknown): ParityReport {
  const fixture = v.parse(ashaFixture, json);
  const steps = ladder(fixture.last_epoch, fixture.min_resource, fixture.reduction_factor);
  const tally = new Tally();
  for (const { id, style, events } of fixture.sequences) {
    const recorded = new Map(steps.rungs.map((rung) => [rung, [] as number[]]));
    const filled = new Map<number, number>();
    for (const [position, entry] of events.entries()) {
      if (entry[0] !== 'r') continue;
      const [, trial, epoch, accuracy, decision, ...counts] = entry;
      const value = accuracy ?? Number.NaN;
      const before = filled.get(trial) ?? 0;
      const ruling = rule(steps, before, epoch, value, (rung) =>
        standingAmong(recorded.get(rung)!, value),
      );
      for (const { rung } of ruling.verdicts) recorded.get(rung)!.push(value);
      filled.set(trial, before + ruling.verdicts.length);
      const where = `${style} ${id}, event ${position} (trial ${trial}, epoch ${epoch})`;
      tally.exact(`${where}: decision`, ruling.decision, decision === 1 ? 'continue' : 'stop');
      if (counts.length > 0) {
        const values = recorded.get(epoch) ?? [];
        const better = values.filter((other) => other > value).length;
        tally.exact(`${where}: n and better`, [values.length, better], counts);
      }
    }
  }
  return tally.report(file);
}
