import { join } from 'node:path';
import { graphFrom } from './graph-argument.ts';
import { type Command, Exit } from './command.ts';
import { line } from './report.ts';
import { freeFolder, runTraining } from './train.ts';
import { runFiles } from '../train/run-folder.ts';
import { template } from '../graph/templates.ts';
import { describeGraph } from '../graph/describe.ts';

/**
 * Long enough to see learning, short enough for two processor cores: about three minutes in total.
 */
const TEACHER_EPOCHS = '15';
const GRAPH_EPOCHS = '24';
const MODEL = 'resnet8';

export const command: Command = {
  forms: [
    [
      'demo',
      'trains a teacher, then a graph of three small networks that combines distillation (KD) and ' +
        'mutual learning (DML), on built-in pictures: about 3 minutes',
    ],
  ],
  options: { engine: { type: 'string', value: 'E', help: 'as in ktg train' } },
  words: 0,
  async run(values) {
    const folder = freeFolder('demo');
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
    line(`\n2. The graph "KD + DML":\n\n${describeGraph(graph)}\n`);
    const trained = await runTraining(
      { ...values, out: join(folder, 'graph'), epochs: GRAPH_EPOCHS },
      graph,
      '',
    );
    if (trained !== Exit.done) return trained;
    line(
      [
        '',
        'Node 1 is the target: compare its accuracy with what the teacher reached alone.',
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
