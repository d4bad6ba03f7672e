import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { EffectsReport } from '../analysis/report.ts';
import type { Row, Table } from '../analysis/table.ts';
import { dimensions } from '../graph/space.ts';
import { picksOf } from '../search/past.ts';
import { rungsOf } from '../search/rules/rules.ts';
import { samplerOf } from '../search/samplers/samplers.ts';
import { Portions } from '../store/portions.ts';
import type { Store } from '../store/store.ts';
import type { StudyEffects } from './api.ts';

/** Fewest trials at a rung that is chosen by itself. */
const ENOUGH = 30;

/**
 * What the trials of a study say about its choices at one rung.
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
  const portions = new Portions();
  const trials = (
    await portions.map(store.runIds({ study, kind: 'trial' }), (id) => {
      const { epoch, graph } = store.run(id);
      return { id, epoch, graph };
    })
  ).filter(({ epoch }) => epoch > 0);
  const rungs = [...rungsOf(rule, training.epochs), training.epochs].map((rung) => ({
    rung,
    trials: trials.filter(({ epoch }) => epoch >= rung).length,
  }));
  const rung = wanted ?? usualRung(rungs);
  const rows = await portions.map(
    trials.filter(({ epoch }) => epoch >= rung),
    ({ id, graph }): Row => ({
      picks: picksOf(space, graph),
      value: store.curve(id)[0]?.[rung - 1] ?? NaN,
    }),
  );
  const all = dimensions(space);
  const report = await reportOn({ sizes: all.map(({ choices }) => choices.length), rows });
  const isRandomSample = !samplerOf(sampler).learns;
  return { study, rung, trials: rows.length, rungs, isRandomSample, dimensions: all, ...report };
}

function usualRung(rungs: readonly { rung: number; trials: number }[]): number {
  const enough = rungs.findLast(({ trials }) => trials >= ENOUGH);
  const most = rungs.toSorted((a, b) => b.trials - a.trials || b.rung - a.rung)[0]!;
  return (enough ?? most).rung;
}

async function reportOn(table: Table): Promise<EffectsReport> {
  const thread = new Worker(new URL('./effects-thread.ts', import.meta.url), { workerData: table });
  const [report] = (await once(thread, 'message')) as [EffectsReport];
  return report;
}
