import { parseArgs } from 'node:util';
import { type AuditedTrial, auditOf } from '../../core/analysis/audit.ts';
import { rungAdvice } from '../../core/analysis/rung-choice.ts';
import { mainEffects } from '../../core/analysis/effects.ts';
import { importanceOf } from '../../core/analysis/importance.ts';
import { interactions } from '../../core/analysis/interactions.ts';
import { liftOf } from '../../core/analysis/lift.ts';
import type { Table } from '../../core/analysis/table.ts';
import { stream } from '../../core/base/random.ts';
import { dimensions, paperSpace } from '../../core/graph/space.ts';

const EPOCHS = 200;

/** Times each analysis of a study of random trials; see `npm run bench`. */
export function bench(args: string[]): number {
  const { values } = parseArgs({
    args,
    options: {
      trials: { type: 'string', default: '5000' },
      nodes: { type: 'string', default: '3' },
      json: { type: 'boolean', default: false },
    },
  });
  const table = tableOf(Number(values.trials), Number(values.nodes));
  const audited = table.rows.map(({ value }, at): AuditedTrial => {
    const seen = [1, 2, 4, 8].slice(0, 1 + (at % 4));
    const end = at % 4 === 3 ? value : null;
    return {
      values: new Map(seen.map((rung) => [rung, value])),
      end,
      stoppedAt: at % 8 === 0 ? 1 : null,
    };
  });
  // The most that advice can be asked for: nothing was stopped.
  const whole = table.rows.map(({ value }, at): AuditedTrial => {
    const random = stream('advice', at);
    const curve = Array.from({ length: EPOCHS }, () => random.uniform()).with(-1, value);
    return { values: new Map(), end: value, stoppedAt: null, curve };
  });
  const parts: Record<string, () => unknown> = {
    main_effects_ms: () => mainEffects(table),
    interactions_ms: () => interactions(table),
    importance_ms: () => importanceOf(table),
    lift_ms: () => liftOf(table),
    audit_ms: () => auditOf(audited),
    advice_ms: () => rungAdvice(whole, EPOCHS),
  };
  const took = Object.fromEntries(
    Object.entries(parts).map(([name, part]) => [name, medianTime(part)]),
  );
  if (values.json) console.log(JSON.stringify(took));
  else
    for (const [name, ms] of Object.entries(took))
      console.log(`${name.padEnd(16)} ${ms.toFixed(1)}`);
  return 0;
}

/** Random graphs of the paper's space with random accuracies. */
function tableOf(trials: number, nodes: number): Table {
  const random = stream('bench', trials, nodes);
  const sizes = dimensions(paperSpace(nodes)).map(({ choices }) => choices.length);
  const rows = Array.from({ length: trials }, () => ({
    picks: sizes.map((size) => random.below(size)),
    value: random.uniform(),
  }));
  return { sizes, rows };
}

/** Milliseconds of processor time of five repeats, the median: other programs do not count. */
function medianTime(part: () => unknown): number {
  const times = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage();
    part();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return times.sort((a, b) => a - b)[2]!;
}
