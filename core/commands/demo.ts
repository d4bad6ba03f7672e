import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { graphFrom } from './graph-argument.ts';
import { type Command, Exit } from './command.ts';
import { line } from './report.ts';
import { runTraining } from './train.ts';
import { textOf } from './values.ts';
import { percent } from './words.ts';
import { runFiles, RunFolder } from '../train/run-folder.ts';
import { template } from '../graph/templates.ts';
import { describeGraph } from '../graph/describe.ts';

/**
 * Long enough to see learning, short enough for two processor cores: about four minutes in total.
 */
const TEACHER_EPOCHS = '15';
const GRAPH_EPOCHS = '24';
const MODEL = 'resnet8';

export const command: Command = {
  forms: [
    [
      'demo',
      'trains a teacher, then a graph of three small networks that combines distillation (KD) and ' +
        'mutual learning (DML), on built-in pictures: about 4 minutes',
    ],
  ],
  options: {
    engine: { type: 'string', value: 'E', help: 'as in ktg train' },
    out: {
      type: 'string',
      value: 'DIR',
      help: 'folder of both trainings; default a temporary one',
    },
  },
  words: 0,
  async run(values) {
    const folder = textOf(values, 'out') ?? mkdtempSync(join(tmpdir(), 'ktg-demo-'));
    const teacher = join(folder, 'teacher');
    line('A knowledge transfer graph: networks that are trained together and teach each other.');
    line('\n1. A teacher: ResNet8 trained alone. Later it is frozen (marked *).\n');
    const taught = await runTraining(
      { ...values, out: teacher, epochs: TEACHER_EPOCHS },
      template('independent', [MODEL]),
      '',
    );
    if (taught !== Exit.done) return taught;

    const graph = graphFrom('kd+dml', [MODEL, MODEL, MODEL].join(), [
      join(teacher, runFiles.checkpoint),
    ]);
    const alone = accuracyIn(teacher);
    line(`\n2. The graph "KD + DML":\n\n${describeGraph(graph)}\n`);
    const together = join(folder, 'graph');
    const trained = await runTraining(
      { ...values, out: together, epochs: GRAPH_EPOCHS },
      graph,
      '',
    );
    if (trained !== Exit.done) return trained;
    line(
      [
        '',
        gainText(alone, accuracyIn(together)),
        'Node 1 is the target. It has the network of the teacher, and learns from it.',
        'Edges are written source>destination, gate (T through, L linear, C correct), loss.',
        '',
        'What next:',
        '  npx ktg train dml --nodes resnet8,resnet8 --epochs 16   another graph',
        '  npx ktg train kd+dml --data cifar100 --nodes resnet32,resnet110,resnet32 --teacher 2=FILE',
        '  npx ktg help                                             everything else',
      ].join('\n'),
    );
    return Exit.done;
  },
};

/** Returns the accuracy of node 1 after the last epoch of a training, a fraction of 1. */
const accuracyIn = (folder: string): number | null =>
  new RunFolder(folder).metrics().at(-1)?.nodes[0]?.accuracy ?? null;

/** Returns `Teacher 73.8 %, node 1 80.6 %: +6.8 points.` */
export function gainText(teacher: number | null, target: number | null): string {
  const both = `Teacher ${percent(teacher)}, node 1 ${percent(target)}`;
  if (teacher === null || target === null) return `${both}.`;
  const points = (target - teacher) * 100;
  return `${both}: ${points < 0 ? '' : '+'}${points.toFixed(1)} points.`;
}
