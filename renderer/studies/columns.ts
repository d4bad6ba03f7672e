/** Columns of the table of trials. */
import { edgeOf } from '../../core/graph/graph.ts';
import { gate } from '../../core/gates/gates.ts';
import { explainDecision, type TrialRow } from '../../core/lab/api.ts';
import { modelTitle } from '../graph/words.ts';
import { duration, moment, percent } from '../parts/format.ts';
import { runStateNames, runStates } from '../parts/states.ts';

export interface Column {
  readonly key: string;
  readonly title: string;
  /** Pixels. */
  readonly width: number;
  readonly number?: boolean;
  readonly text: (row: TrialRow) => string;
  /** What is sorted by; null comes last either way. */
  readonly value: (row: TrialRow) => number | string | null;
  /** What is saved, where it is not what is sorted by. */
  readonly saved?: (row: TrialRow) => string;
}

/** Why a trial ended, in words. */
export function reasonOf(row: TrialRow): string {
  if (row.failure) return row.failure.message;
  if (row.rejection) return row.rejection;
  if (row.duplicateOf !== null) return `same graph as run ${row.duplicateOf}; its result counts`;
  return row.stop ? explainDecision(row.stop) : '';
}

/** Ended without a result that counts: it may be trained again. */
export const mayRetry = ({ state }: TrialRow): boolean =>
  state === 'failed' || state === 'cancelled' || state === 'out-of-memory';

/** Of graphs with `size` nodes. The graph itself is drawn, not written: it has no column here. */
export function columnsOf(size: number): Column[] {
  const columns: Column[] = [
    {
      key: 'number',
      title: 'Trial',
      width: 64,
      number: true,
      text: (row) => String(row.number),
      value: (row) => row.number,
    },
    {
      key: 'state',
      title: 'State',
      width: 132,
      text: (row) => runStates[row.state].title,
      value: (row) => runStateNames.indexOf(row.state),
      saved: (row) => row.state,
    },
    {
      key: 'accuracy',
      title: 'Accuracy',
      width: 84,
      number: true,
      text: (row) => percent(row.accuracy),
      value: (row) => row.accuracy,
    },
    {
      key: 'epoch',
      title: 'Epochs',
      width: 92,
      number: true,
      text: (row) => `${row.epoch} / ${row.epochs}`,
      value: (row) => row.epoch,
    },
    { key: 'reason', title: 'Why it ended', width: 356, text: reasonOf, value: reasonOf },
    {
      key: 'seconds',
      title: 'Time',
      width: 70,
      number: true,
      text: (row) => (row.seconds > 0 ? duration(row.seconds) : ''),
      value: (row) => row.seconds,
    },
    {
      key: 'models',
      title: 'Models',
      width: 142,
      text: (row) => row.graph.nodes.map(({ model }) => modelTitle(model)).join(', '),
      value: (row) => row.graph.nodes.map(({ model }) => model).join(),
    },
    {
      key: 'startedAt',
      title: 'Started',
      width: 140,
      text: (row) => moment(row.startedAt),
      value: (row) => row.startedAt,
      saved: (row) => (row.startedAt === null ? '' : new Date(row.startedAt).toISOString()),
    },
    {
      key: 'seed',
      title: 'Seed',
      width: 100,
      number: true,
      text: (row) => String(row.seed),
      value: (row) => row.seed,
    },
    {
      key: 'attempts',
      title: 'Attempts',
      width: 76,
      number: true,
      text: (row) => String(row.attempts),
      value: (row) => row.attempts,
    },
    { key: 'key', title: 'Graph key', width: 240, text: (row) => row.key, value: (row) => row.key },
  ];
  for (let destination = 1; destination <= size; destination++) {
    for (let source = 0; source <= size; source++) {
      if (source === destination) continue;
      const title = (row: TrialRow): string =>
        row.graph.nodes.length === size ? gate(edgeOf(row.graph, source, destination).gate).title : '';
      columns.push({
        key: `edge ${source}-${destination}`,
        title: `${source === 0 ? 'Label' : source}→${destination}`,
        width: 74,
        text: title,
        value: title,
      });
    }
  }
  return columns;
}

export const defaultColumns: readonly string[] = [
  'number',
  'state',
  'accuracy',
  'epoch',
  'reason',
  'seconds',
  'models',
];

export interface Order {
  readonly key: string;
  readonly descending: boolean;
}

/** A sorted copy; equal values keep the order of trials, missing ones come last. */
export function sorted(rows: readonly TrialRow[], columns: readonly Column[], order: Order): TrialRow[] {
  const column = columns.find(({ key }) => key === order.key);
  if (!column) return [...rows];
  const sign = order.descending ? -1 : 1;
  const keyed = rows.map((row) => ({ row, value: column.value(row) }));
  keyed.sort((a, b) => {
    if (a.value === b.value) return a.row.number - b.row.number;
    if (a.value === null) return 1;
    if (b.value === null) return -1;
    return a.value < b.value ? -sign : sign;
  });
  return keyed.map(({ row }) => row);
}
