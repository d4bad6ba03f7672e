import { verdictText } from '../analysis/verdict.ts';
import { toText } from '../graph/text.ts';
import { machinesText } from '../study/place.ts';
import type { RerunView } from './api.ts';

/**
 * One line for each run, then one for each variant with its mean; with seed, protocol and data of
 * every number.
 */
export function rerunCsv({ rerun, variants }: RerunView): string {
  const { data, protocol, purpose, epochs } = rerun.training;
  const about = [data, protocol, purpose, epochs];
  const head = 'variant,graph,seed,state,accuracy,epoch,data,protocol,purpose,epochs,machines';
  const runs = variants.flatMap(({ name, graph, runs: own }) =>
    own.map(({ seed, state, accuracy, epoch, machines }) =>
      line([name, toText(graph), seed, state, accuracy, epoch, ...about, machinesText(machines)]),
    ),
  );
  const summaryHead =
    'variant,n,mean,standard deviation,difference to graph: graph minus variant,low (95 %),high (95 %)' +
    ',paired difference: equal seeds,paired low (95 %),paired high (95 %),p corrected (Holm),verdict';
  const summary = variants.map(({ name, values, mean, standardDeviation, ...rest }) =>
    line([
      name,
      values.length,
      mean,
      standardDeviation,
      rest.difference?.mean,
      rest.difference?.low,
      rest.difference?.high,
      rest.comparison?.paired?.difference,
      rest.comparison?.paired?.low,
      rest.comparison?.paired?.high,
      rest.comparison?.adjusted,
      rest.comparison && verdictText(rest.comparison),
    ]),
  );
  return [head, ...runs, '', summaryHead, ...summary, ''].join('\r\n');
}

/** RFC 4180; a cell that a spreadsheet would take for a formula is made text. */
const line = (cells: readonly (string | number | null | undefined)[]): string =>
  cells
    .map((cell) => {
      if (typeof cell !== 'string') return String(cell ?? '');
      const text = /^[=+\-@\t]/.test(cell) ? `'${cell}` : cell;
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    })
    .join(',');
