import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { EffectsReport, ReportInput } from '../analysis/report.ts';
import type { Row } from '../analysis/table.ts';
import { conditionsOf, picksIn } from '../graph/picks.ts';
import { dimensions } from '../graph/space.ts';
import { auditedTrial } from '../search/audited.ts';
import { rungsOf } from '../search/rules/rules.ts';
import { samplerOf } from '../search/samplers/samplers.ts';
import { Portions } from '../store/portions.ts';
import type { Store } from '../store/store.ts';
import type { StudyEffects } from './api.ts';

/** Fewest trials at a rung that is chosen by itself. */
const ENOUGH = 30;

/**
 * What the trials of a study say about its choices at one rung, and about its stopping rule.
 *
 * @param wanted an epoch; default: the highest rung that 30 trials have reached, else the one that
 * most have
 */
export async function effectsOf(
  store: Store,
  study: number,
  wanted?: number,
): Promise<StudyEffects> {
  const { space, rule, training, sampler } = store.study(study).plan;
  const { epochs } = training;
  const portions = new Portions();
  const picksOf = picksIn(space);
  const rungsOfRule = rungsOf(rule, epochs);
  const trials = (
    await portions.map(store.runIds({ study, kind: 'trial' }), (id) => {
      const { epoch, graph, number, origin, ...run } = store.run(id);
      if (epoch === 0) return [];
      const audited = auditedTrial(store, { epoch, graph, number, origin, ...run }, rungsOfRule);
      const isRandom = origin === null && number < samplerOf(sampler).randomStart;
      return [{ epoch, picks: picksOf(graph), isRandom, audited }];
    })
  ).flat();
  const rungs = [...rungsOfRule, epochs].map((rung) => ({
    rung,
    trials: trials.filter(({ epoch }) => epoch >= rung).length,
  }));
  const rung = wanted ?? usualRung(rungs);
  const reached = trials.filter(({ epoch }) => epoch >= rung);
  const rowsOf = (some: typeof trials): Row[] =>
    some.map(({ picks, audited }) => ({ picks, value: audited.curve?.[rung - 1] ?? NaN }));
  const random = reached.filter(({ isRandom }) => isRandom);
  const sample = random.length >= ENOUGH ? random : reached;
  const all = dimensions(space);
  const sizes = all.map(({ choices }) => choices.length);
  const deciders = conditionsOf(space).map((condition) => condition?.on ?? null);
  const report = await reportOn({
    table: { sizes, deciders, rows: rowsOf(reached) },
    sample: { sizes, deciders, rows: rowsOf(sample) },
    audited: trials.map(({ audited }) => audited),
    epochs,
  });
  return {
    ...{ study, rung, trials: reached.length, rungs, dimensions: all },
    ...{ isRandomSample: random.length === reached.length, sampled: sample.length },
    ...report,
  };
}

function usualRung(rungs: readonly { rung: number; trials: number }[]): number {
  const enough = rungs.findLast(({ trials }) => trials >= ENOUGH);
  const most = rungs.toSorted((a, b) => b.trials - a.trials || b.rung - a.rung)[0]!;
  return (enough ?? most).rung;
}

async function reportOn(input: ReportInput): Promise<EffectsReport> {
  const thread = new Worker(new URL('./effects-thread.ts', import.meta.url), { workerData: input });
  const [report] = (await once(thread, 'message')) as [EffectsReport];
  return report;
}
