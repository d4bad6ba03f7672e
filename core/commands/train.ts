import { existsSync } from 'node:fs';
import { nextOf } from '../base/command-words.ts';
import { LabError } from '../base/errors.ts';
import type { Dataset } from '../data/dataset.ts';
import { openDataset } from '../data/resolve.ts';
import { isBuiltIn } from '../data/sets/sets.ts';
import { PROTOCOLS } from '../data/split.ts';
import type { DeviceKind } from '../engine/computation.ts';
import { type EngineInfo, engineNames } from '../engine/engine.ts';
import { openEngine } from '../engine/open.ts';
import { diagnose, problemsOf } from '../devices/cuda-diagnosis.ts';
import { probeCuda } from '../devices/cuda-probe.ts';
import { libraryStatus } from '../install/library-status.ts';
import { requireTrainable } from '../graph/check.ts';
import { templates } from '../graph/templates.ts';
import { computationWords } from '../study/computation.ts';
import { type FilesLeftOut, filesLeftOut } from '../study/left-out.ts';
import { PAPER_EPOCHS } from '../study/recipe.ts';
import { type RunDescription, RunFolder } from '../train/run-folder.ts';
import { type Command, Exit, type Values } from './command.ts';
import { computationFrom, computationOptions } from './computation.ts';
import { dataOf, dataOption } from './data-option.ts';
import { dataProgress } from './data-progress.ts';
import { graphFrom } from './graph-argument.ts';
import { networksHelp } from './networks.ts';
import { recipeFrom, recipeOptions } from './recipe-options.ts';
import { jsonLine, jsonReporter, leftOutLine, line, remark, tableReporter } from './report.ts';
import { trainInFolder } from './training-run.ts';
import { choiceOf, textOf, integerOption } from './values.ts';
import type { Options } from './command.ts';

/** Default epochs on the built-in pictures: enough to see learning. */
const SYNTHETIC_EPOCHS = 8;

const LARGEST_SEED = Number.MAX_SAFE_INTEGER;

/** Options that `ktg train` and `ktg pretrain` share. */
export const trainingOptions = {
  ...dataOption,
  protocol: {
    type: 'string',
    value: 'P',
    help:
      'paper: judged by the test images (default for one graph)\n' +
      'held-out: judged by a fifth of the training images, which are not trained on',
  },
  ...recipeOptions,
  epochs: {
    type: 'string',
    value: 'N',
    help:
      `default ${PAPER_EPOCHS}, on synthetic data ${SYNTHETIC_EPOCHS}; ` +
      'the learning rate drops at 30, 60, 90 %',
  },
  seed: {
    type: 'string',
    value: 'N',
    help:
      'default 1; the same seed gives the same run, bit for bit, ' +
      'on the same machine and engine with as many threads',
  },
  engine: {
    type: 'string',
    value: 'E',
    help:
      'tensorflow (default when installed), eager (debugging), ' +
      'portable (slow, runs everywhere)',
  },
  threads: { type: 'string', value: 'N', help: 'processor threads; default all' },
  device: {
    type: 'string',
    value: 'D',
    help: 'cpu or gpu; default gpu when its engine is installed and can use a card',
  },
  ...computationOptions,
  out: {
    type: 'string',
    value: 'DIR',
    help: 'folder of run.json, metrics.jsonl and checkpoint.safetensors; default out/NAME',
  },
  resume: {
    type: 'boolean',
    help: 'continue the run in --out exactly where it stopped; --threads as before for equal bits',
  },
  json: {
    type: 'boolean',
    help:
      'one JSON object per line: {"event":"start",...,"leftOut":null|{"count","of","reasons"}}, ' +
      '{"event":"epoch","epoch":1,"seconds":..., ' +
      '"nodes":[{"accuracy","loss","trainAccuracy","trainLoss"}], ' +
      '"edges":[{"source","destination","gate","rawLoss","gatedLoss","weight", "bothRight", ' +
      '"onlySourceRight","onlyDestinationRight","bothWrong"}], "imagesPerSecond":..., ' +
      '"secondsLeft":...}, then {"event":"end","finished":...}',
  },
} as const satisfies Options;

export const command: Command = {
  forms: [
    ['train GRAPH|TEMPLATE [options]', 'trains one graph; node 1 is the target'],
    ['train --resume --out DIR', 'continues an interrupted run'],
  ],
  arguments: {
    GRAPH: 'a file (JSON, text, SVG, PNG, DOT) or a text form, such as resnet8=TT,resnet8=TT',
    TEMPLATE: templates.map(({ name }) => name).join(', '),
    architectures: networksHelp,
  },
  options: {
    nodes: {
      type: 'string',
      value: 'A,B,...',
      help: "architectures of a template's nodes; default resnet8,resnet8,resnet8",
    },
    teacher: {
      type: 'string',
      value: '[N=]F',
      multiple: true,
      help: 'checkpoint F for frozen node N, or for all of them (see ktg pretrain)',
    },
    ...trainingOptions,
  },
  words: 1,
  async run(values, [argument]) {
    const teachers = (values.teacher ?? []) as string[];
    const graph =
      argument === undefined ? undefined : graphFrom(argument, textOf(values, 'nodes'), teachers);
    if (graph) requireTrainable(graph);
    return runTraining(values, graph, argument ?? '');
  },
};

/** Trains `graph`, or continues the run in `--out`; `name` is part of the default folder's name. */
export async function runTraining(
  values: Values,
  graph: RunDescription['graph'] | undefined,
  name: string,
): Promise<number> {
  const resume = values.resume === true;
  const out = textOf(values, 'out');
  if (resume && out === undefined) throw new LabError('arguments.resume');
  if (!resume && !graph) throw new LabError('arguments.missing/training');
  const folder = new RunFolder(out ?? freeFolder(name));
  return folder.use(async () => {
    if (!resume && folder.exists) throw new LabError('run.exists', { path: folder.path });
    const description = resume ? folder.description() : describe(values, graph!);
    if (resume && graph && JSON.stringify(graph) !== JSON.stringify(description.graph))
      throw new LabError('run.other-graph', { path: folder.path });
    const finished = await train(values, folder, description, resume);
    return finished ? Exit.done : Exit.interrupted;
  });
}

async function train(
  values: Values,
  folder: RunFolder,
  description: RunDescription,
  resume: boolean,
): Promise<boolean> {
  const json = values.json === true;
  const dataset = await openWithProgress(description.plan.data);
  const threads = description.threads === null ? {} : { threads: description.threads };
  const wanted = resume
    ? description.engine
    : choiceOf(values, 'engine', ['auto', ...engineNames], 'auto');
  const device = resume ? (description.device ?? 'cpu') : deviceOf(values, wanted);
  const computation = resume ? description.computation : computationFrom(values);
  const engine = await openEngine({
    engine: wanted,
    device,
    ...threads,
    ...(computation && { computation }),
  });
  const used = engine.info.computation;
  const run = {
    ...description,
    engine: engine.info.name,
    device,
    ...(used && { computation: used }),
  };
  if (!resume) folder.describe(run);
  const leftOut = filesLeftOut(dataset);
  if (!json) line(introduction(engine.info, dataset.source, leftOut));
  const reporter = json ? jsonReporter(run, leftOut) : tableReporter(run);
  const finished = await trainInFolder(folder, run, dataset, engine, reporter);
  const goOn = `ktg train --resume --out ${folder.path}`;
  if (json)
    jsonLine({ event: 'end', finished, folder: folder.path, ...(finished ? {} : { goOn }) });
  else
    line(
      finished
        ? `\nDone. Weights and numbers are in ${folder.path}`
        : `\nSaved. Continue with: ${goOn}`,
    );
  return finished;
}

const introduction = (
  { version, name, device, computation, note }: EngineInfo,
  source: string,
  leftOut: FilesLeftOut | undefined,
): string =>
  [
    `${version} (${name}), ${device}${computation ? `, ${computationWords(computation)}` : ''}`,
    ...(note === undefined ? [] : [note]),
    source,
    ...leftOutLine(leftOut),
  ].join('\n');

/**
 * Returns the requested device, else a card when the engine can use it. Prints the reason when it
 * cannot.
 */
function deviceOf(values: Values, engine: string): DeviceKind {
  const asked = choiceOf(values, 'device', ['auto', 'cpu', 'gpu'], 'auto');
  if (asked !== 'auto') return asked;
  if (engine === 'portable' || libraryStatus('gpu').state !== 'ready') return 'cpu';
  const probe = probeCuda();
  const [problem] = problemsOf(diagnose(probe), probe.cards[0]?.uuid);
  if (!problem) return 'gpu';
  remark(`On the processor, because: ${problem.found}\n${nextOf(problem.steps)}`);
  return 'cpu';
}

/** @param folder the data folder; default `dataHome()` */
export async function openWithProgress(spec: string, folder?: string): Promise<Dataset> {
  const progress = dataProgress(spec);
  try {
    const { onProgress } = progress;
    return await openDataset(spec, { onProgress, ...(folder !== undefined && { folder }) });
  } finally {
    progress.end();
  }
}

function describe(values: Values, graph: RunDescription['graph']): RunDescription {
  const data = dataOf(values);
  const quick = isBuiltIn(data);
  const epochs = integerOption(
    values,
    'epochs',
    quick ? SYNTHETIC_EPOCHS : PAPER_EPOCHS,
    1,
    100_000,
  );
  const seed = integerOption(values, 'seed', 1, 0, LARGEST_SEED);
  const threads =
    textOf(values, 'threads') === undefined ? null : integerOption(values, 'threads', 1, 1, 1024);
  const protocol = choiceOf(values, 'protocol', PROTOCOLS, 'paper');
  const recipe = recipeFrom(values, epochs);
  const plan = { data, protocol, purpose: 'search' as const, splitSeed: seed, epochs, recipe };
  return { graph, plan, seed, engine: 'tensorflow', threads };
}

/** Returns out/NAME, or out/NAME-2 and so on when it exists. */
export function freeFolder(name: string): string {
  const plain =
    name
      .replace(/\.json$/, '')
      .replace(/[^a-zA-Z0-9.+-]+/g, '-')
      .slice(-40)
      .replace(/^[-.]+/, '') || 'run';
  for (let n = 1; ; n++) {
    const path = `out/${plain}${n === 1 ? '' : `-${n}`}`;
    if (!existsSync(path)) return path;
  }
}
