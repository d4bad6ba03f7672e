import { liveLine } from '../base/live-line.js';
import { terminalJson, terminalText } from '../base/terminal-text.js';
import { gate } from '../gates/gates.ts';
import { nodeTitle } from '../graph/describe.ts';
import { type Graph, nodeNumbers } from '../graph/graph.ts';
import { type FilesLeftOut, leftOutText } from '../study/left-out.ts';
import type { EpochMetrics } from '../study/metrics.ts';
import type { RunDescription } from '../train/run-folder.ts';
import { terminalLines } from './terminal.ts';
import type { Reporter } from './training-run.ts';

const percent = (fraction: number): string =>
  Number.isNaN(fraction) ? '-' : `${(100 * fraction).toFixed(1)} %`;

/** Returns seconds as `45 s`, `3 min`, `2 h 5 min`. */
export function span(seconds: number): string {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Returns bytes as `0.7 kB`, `1.5 MB`, `78.8 GB`. */
export function size(bytes: number): string {
  if (bytes < 1e5) return `${(bytes / 1e3).toFixed(1)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** Returns message and next step as one line. */
export const messageWithNext = ({ message, next }: { message: string; next: string }): string =>
  `${message.replace(/([^.!?])$/, '$1.')} ${next}`.trim();

/** Returns one line about the files of a data set that are not trained on; none without any. */
export const leftOutLine = (leftOut: FilesLeftOut | undefined): string[] =>
  leftOut ? [`${leftOutText(leftOut)}.`] : [];

/** Returns `1 trial`, `24 trials`. */
export const counted = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? '' : 's'}`;

/**
 * Prints a table with a live line below it: per epoch and node accuracy and loss, then the edges.
 */
export function tableReporter({ graph, plan }: RunDescription): Reporter {
  const out = process.stdout;
  const live = liveLine(out);
  const print = (line: string): void => {
    live.end(terminalText(line));
  };
  const printDim = (line: string): void => {
    live.end(out.isTTY ? `\x1b[2m${terminalText(line)}\x1b[22m` : terminalText(line));
  };
  let steps = 0;
  return {
    started({ training, resumedAt, steps: perEpoch }) {
      steps = perEpoch;
      const { split } = training;
      const images =
        `${split.train.length} training images, judged by ${split.evaluation.length} ` +
        `${split.evaluationName} images (protocol ${plan.protocol})`;
      print(
        `${plan.data}: ${images}${resumedAt > 0 ? `; continuing after epoch ${resumedAt}` : ''}`,
      );
      print('');
      const columns = nodeNumbers(graph).map((node) =>
        `${node} ${nodeTitle(graph, node)}`.padEnd(NODE),
      );
      print(`epoch  ${columns.join('')}images/s  time left`);
      printDim(
        `       ${nodeNumbers(graph)
          .map(() => 'accuracy, loss'.padEnd(NODE))
          .join('')}`,
      );
    },
    step(epoch, step, imagesPerSecond) {
      if (!out.isTTY) return; // a file gets lines for complete epochs only
      const pace = `${imagesPerSecond.toFixed(0)} images/s`;
      live.show(`epoch ${epoch} of ${plan.epochs}: step ${step} of ${steps}, ${pace}`);
    },
    epoch(metrics, imagesPerSecond, secondsLeft) {
      const nodes = metrics.nodes.map(({ accuracy, loss }) =>
        `${percent(accuracy)}, ${loss.toFixed(3)}`.padEnd(NODE),
      );
      const rate = imagesPerSecond.toFixed(0).padEnd(10);
      print(`${String(metrics.epoch).padStart(5)}  ${nodes.join('')}${rate}${span(secondsLeft)}`);
      printDim(`       ${edgeText(graph, metrics)}`);
    },
  };
}

/** Width of a node's column. */
const NODE = 18;

/**
 * Returns edges such as `0>1 T 1.234`: source > destination, letter of the gate, mean loss after
 * the gate; `x 0.25` for a weight below 1.
 */
const edgeText = (graph: Graph, { edges }: EpochMetrics): string =>
  graph.edges
    .flatMap((edge, i) => {
      const metrics = edges[i];
      if (!metrics) return [];
      const weight = metrics.weight < 1 ? ` x ${metrics.weight.toFixed(2)}` : '';
      return [
        `${edge.source}>${edge.destination} ${gate(edge.gate).letter}${weight} ${metrics.gatedLoss.toFixed(3)}`,
      ];
    })
    .join('   ');

/** Prints one JSON object per line; NaN becomes null. */
export function jsonReporter(
  description: RunDescription,
  leftOut: FilesLeftOut | undefined,
): Reporter {
  return {
    started({ training, resumedAt, steps }) {
      const { train, evaluation, evaluationName } = training.split;
      const images = { train: train.length, evaluation: evaluation.length, evaluationName };
      jsonLine({
        event: 'start',
        ...description,
        resumedAt,
        stepsPerEpoch: steps,
        images,
        leftOut: leftOut ?? null,
      });
    },
    step() {
      // epochs are the unit of the JSON form
    },
    epoch(metrics, imagesPerSecond, secondsLeft) {
      const edges = description.graph.edges.map(({ source, destination, gate: name }, i) => ({
        source,
        destination,
        gate: name,
        ...metrics.edges[i],
      }));
      jsonLine({ event: 'epoch', ...metrics, edges, imagesPerSecond, secondsLeft });
    },
  };
}

export function jsonLine(value: object): void {
  process.stdout.write(`${terminalJson(JSON.stringify(value))}\n`);
}

export function line(text = ''): void {
  process.stdout.write(`${terminalLines(terminalText(text))}\n`);
}

/** Prints a line to stderr, apart from the output that programs read. */
export function remark(text: string): void {
  process.stderr.write(`${terminalText(text)}\n`);
}
