/** Columns of the table of trials. */
import { auditNote } from '../../core/analysis/audit-words.ts';
import { edgeOf } from '../../core/graph/graph.ts';
import { gate } from '../../core/gates/gates.ts';
import { rejectionText } from '../../core/graph/space.ts';
import type { Graph, TrialRow } from '../../core/lab/api.ts';
import { compareResults } from '../../core/study/best.ts';
import { machinesText } from '../../core/study/place.ts';
import { architecture } from '../../core/models/architecture.ts';
import { edgeTitle, modelTitle } from './graph.ts';
import { duration, moment } from '../ui/format.ts';
import { briefDecisionText, decisionText } from './decision.ts';
import { runStateNames, runStates } from './states.ts';
import { accuracyText } from './study.ts';

export interface Column {
  readonly key: string;
  readonly title: string;
  /** What stands in it, in a sentence: the tooltip of its head. */
  readonly about: string;
  /** Pixels. */
  readonly width: number;
  readonly number?: boolean;
  readonly text: (row: TrialRow) => string;
  /** What is sorted by; null comes last either way. */
  readonly value: (row: TrialRow) => number | string | null;
  /**
   * Order of trials where the values alone do not give it, in place of the descending order of
   * values.
   */
  readonly compare?: (a: TrialRow, b: TrialRow) => number;
  /** What is saved, where it is not what is sorted by. */
  readonly saved?: (row: TrialRow) => string;
}

/** Why a trial ended, in words. */
export function reasonOf(row: TrialRow): string {
  if (row.failure) return row.failure.message;
  if (row.rejection) return `rejected: ${rejectionText(row.rejection)}`;
  if (row.original !== undefined) return `same graph as trial ${row.original}; its result counts`;
  if (row.state === 'cancelled') return cancelledText(row);
  return row.stop ? `${decisionText(row.stop)}${auditNote(row)}` : '';
}

const cancelledText = ({ dismissed, rerun }: TrialRow): string =>
  dismissed ? 'a person stopped it' : `cancelled with its ${rerun === null ? 'study' : 're-run'}`;

/** The same beside a column with the epoch. */
const briefReasonOf = (row: TrialRow): string =>
  row.stop ? briefDecisionText(row.stop) : reasonOf(row);

/** `ResNet 32, 110, WRN 28-2`: a series is named once. */
function modelsText({ nodes }: Graph): string {
  let named = '';
  return nodes
    .map(({ model }) => {
      const { series, variant } = architecture(model);
      const words = series === named ? variant : `${series} ${variant}`;
      named = series;
      return words;
    })
    .join(', ');
}

/** Ended without a result that counts: it may be trained again. */
export const mayRetry = ({ state }: TrialRow): boolean =>
  state === 'failed' || state === 'cancelled' || state === 'out-of-memory';

/** What the columns of a study depend on. */
export interface Judging {
  /** Networks of a graph. */
  readonly size: number;
  /** Whose accuracy counts: "node 1", "the ensemble". */
  readonly judged: string;
}

/** The graph itself is drawn, not written: it has no column here. */
export function columnsOf({ size, judged }: Judging): Column[] {
  const columns: Column[] = [
    {
      key: 'number',
      title: 'Trial',
      about:
        'Number of the trial; its graph and seed follow from it and from the seed of the study',
      width: 54,
      number: true,
      text: (row) => String(row.number),
      value: (row) => row.number,
    },
    {
      key: 'state',
      title: 'State',
      about: 'State of the trial',
      width: 132,
      text: (row) => runStates[row.state].title,
      value: (row) => runStateNames.indexOf(row.state),
      saved: (row) => row.state,
    },
    {
      key: 'accuracy',
      title: 'Accuracy',
      about:
        `Accuracy of ${judged} on the evaluation images at its last epoch; completed trials ` +
        'come first, the others by epoch',
      width: 142,
      text: (row) => accuracyText(row),
      value: (row) => row.accuracy,
      compare: compareResults,
    },
    {
      key: 'epoch',
      title: 'Epochs',
      about: 'Epochs done, of all epochs',
      width: 84,
      number: true,
      text: (row) => `${row.epoch} / ${row.epochs}`,
      value: (row) => row.epoch,
    },
    {
      key: 'models',
      title: 'Networks',
      about: 'The network of every node, node 1 first',
      width: 128,
      text: (row) => modelsText(row.graph),
      value: (row) => row.graph.nodes.map(({ model }) => model).join(),
      saved: (row) => row.graph.nodes.map(({ model }) => modelTitle(model)).join(', '),
    },
    {
      key: 'reason',
      title: 'Why it ended',
      about: 'The decision that stopped the trial, with its rank at that epoch, or what failed',
      width: 106,
      text: (row) => briefReasonOf(row) || runStates[row.state].title,
      value: (row) => reasonOf(row) || runStates[row.state].title,
      saved: reasonOf,
    },
    {
      key: 'seconds',
      title: 'Time',
      about: 'Total time of its epochs',
      width: 62,
      number: true,
      text: (row) => (row.seconds > 0 ? duration(row.seconds) : ''),
      value: (row) => row.seconds,
    },
    {
      key: 'startedAt',
      title: 'Started',
      about: 'When a slot first started it',
      width: 140,
      text: (row) => moment(row.startedAt),
      value: (row) => row.startedAt,
      saved: (row) => (row.startedAt === null ? '' : new Date(row.startedAt).toISOString()),
    },
    {
      key: 'seed',
      title: 'Seed',
      about: 'Seed of its training: first weights, order of the images, augmentation',
      width: 100,
      number: true,
      text: (row) => String(row.seed),
      value: (row) => row.seed,
    },
    {
      key: 'attempts',
      title: 'Attempts',
      about: 'Number of starts, those after crashes included',
      width: 88,
      number: true,
      text: (row) => String(row.attempts),
      value: (row) => row.attempts,
    },
    {
      key: 'machine',
      title: 'Machine',
      about: 'Machines on which it has trained, where other machines than the lab’s own took part',
      width: 110,
      text: ({ machines }) => machinesText(machines),
      value: ({ machines }) => machinesText(machines) || null,
      saved: ({ machines }) => machinesText(machines),
    },
    {
      key: 'key',
      title: 'Graph key',
      about: 'Equal for graphs that differ only in the order of their auxiliary nodes',
      width: 240,
      text: (row) => row.key,
      value: (row) => row.key,
    },
    {
      key: 'tags',
      title: 'Tags',
      about: 'Tags that a person gave the trial',
      width: 110,
      text: tagsText,
      value: (row) => tagsText(row) || null,
      saved: tagsText,
    },
    {
      key: 'notes',
      title: 'Notes',
      about: 'Notes that a person wrote about the trial',
      width: 180,
      text: ({ notes = '' }) => notes.replaceAll('\n', ' '),
      value: ({ notes }) => notes ?? null,
      saved: ({ notes = '' }) => notes,
    },
  ];
  for (let destination = 1; destination <= size; destination++) {
    for (let source = 0; source <= size; source++) {
      if (source === destination) continue;
      const title = (row: TrialRow): string =>
        row.graph.nodes.length === size
          ? gate(edgeOf(row.graph, source, destination).gate).title
          : '';
      columns.push({
        key: `edge ${source}-${destination}`,
        title: edgeTitle({ source, destination }),
        about: `Gate over which ${source === 0 ? 'the label' : `node ${source}`} teaches node ${destination}`,
        width: 82,
        text: title,
        value: title,
      });
    }
  }
  return columns;
}

const tagsText = ({ tags = [] }: TrialRow): string => tags.join(', ');

export const defaultColumns: readonly string[] = [
  'number',
  'accuracy',
  'epoch',
  'models',
  'reason',
  'seconds',
];

export interface Order {
  readonly key: string;
  readonly descending: boolean;
}

/** A sorted copy; equal values keep the order of trials, missing ones come last. */
export function sorted(
  rows: readonly TrialRow[],
  columns: readonly Column[],
  order: Order,
): TrialRow[] {
  const column = columns.find(({ key }) => key === order.key);
  if (!column) return [...rows];
  const sign = order.descending ? -1 : 1;
  if (column.compare) {
    const unknown = (row: TrialRow): number => Number(column.value(row) === null);
    return rows.toSorted(
      (a, b) => unknown(a) - unknown(b) || -sign * column.compare!(a, b) || a.number - b.number,
    );
  }
  const keyed = rows.map((row) => ({ row, value: column.value(row) }));
  keyed.sort((a, b) => {
    if (a.value === b.value) return a.row.number - b.row.number;
    if (a.value === null) return 1;
    if (b.value === null) return -1;
    return a.value < b.value ? -sign : sign;
  });
  return keyed.map(({ row }) => row);
}
