import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { helpIfAsked } from '../../build/help.js';
import { LabError, messageOf } from '../../core/base/errors.ts';
import type { DeviceKind } from '../../core/engine/computation.ts';
import { type Engine, type EngineName, engineNames } from '../../core/engine/engine.ts';
import { type EngineChoice, openEngine } from '../../core/engine/open.ts';
import type { TF } from '../../core/engine/ops.ts';
import { type Compiler, computationWords, type Precision } from '../../core/study/computation.ts';
import { Steps } from '../../core/train/steps.ts';
import { plainOperations } from '../../core/engine/plain-ops.ts';
import { loadBinding } from '../../core/engine/tensorflow/binding.ts';
import { nativeOperations } from '../../core/engine/tensorflow/native-ops.ts';
import { ashaParity } from './asha.ts';
import { augmentParity } from './augment.ts';
import { bfloat16PassTolerances, bfloat16Tolerances, bfloat16TorchTolerances } from './bfloat16.ts';
import type { Tolerances } from './compare.ts';
import { edgesParity } from './edges.ts';
import { forwardParity } from './forward.ts';
import { gatesParity } from './gates.ts';
import { layersParity } from './layers.ts';
import { engineLoss } from './loss.ts';
import { mapsParity } from './maps.ts';
import { modelsParity, modelsParity2 } from './models.ts';
import type { ParityReport } from './report.ts';
import { cropParity } from './resized-crop.ts';
import { dropsParity, schedulesParity } from './schedules.ts';
import { statsParity } from './stats.ts';
import { stepsParity } from './steps.ts';
import { stepsParity2 } from './steps2.ts';
import { torchParity } from './torch.ts';

helpIfAsked(`npm run parity -- [FOLDER] [options]

Compares the engine with every fixture under FOLDER (default: test/fixtures). Prints a line for
each file, then "N passed, N failed". In bfloat16 it compares forward passes, whole steps and
networks of PyTorch, under limits of their own, and everything that no engine computes.

  --engine tensorflow|eager|portable    default: tensorflow
  --device cpu|gpu                      default: cpu
  --compiler none|xla
  --precision float32|tf32|bfloat16     default: float32
  --deterministic
  --only WORD       only files whose name contains WORD; may be repeated: one of the words
  --without WORD    no file whose name contains WORD; may be repeated

Exit status: 0 all passed, 1 anything failed or no fixture was found, 2 wrong arguments`);
const { values, positionals } = readArguments();
const name = values.engine as EngineName;
if (!engineNames.includes(name)) {
  console.error(`Unknown engine "${values.engine}": expected ${engineNames.join(', ')}.`);
  process.exit(2);
}
const root = resolve(
  positionals[0] ?? join(dirname(fileURLToPath(import.meta.url)), '..', 'fixtures'),
);
if (!existsSync(root) || !statSync(root).isDirectory()) {
  console.error(`${root} is not a folder. Give the folder that holds the fixtures.`);
  process.exit(2);
}

const engine: Engine = await open({
  engine: name,
  device: values.device as DeviceKind,
  computation: {
    precision: values.precision as Precision,
    deterministic: values.deterministic,
    ...(values.compiler !== undefined && { compiler: values.compiler as Compiler }),
  },
});
/** Fixtures of equal architectures share a step, as runs of a study do. */
const steps = new Steps(engine);
function isChosen(file: string): boolean {
  const holds = (word: string): boolean => file.includes(word);
  return values.only.some(holds) && !values.without.some(holds);
}
/** Wrong options end the program with one line. */
function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        engine: { type: 'string', default: 'tensorflow' },
        device: { type: 'string', default: 'cpu' },
        compiler: { type: 'string' },
        precision: { type: 'string', default: 'float32' },
        deterministic: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [''] },
        without: { type: 'string', multiple: true, default: [] },
      },
    });
  } catch (error) {
    console.error(`${messageOf(error)} See npm run parity -- --help.`);
    process.exit(2);
  }
}
/** Why an engine cannot be opened is said in one line. */
async function open(choice: EngineChoice): Promise<Engine> {
  try {
    return await openEngine(choice);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    console.error(`${error.message}\n${error.next}`);
    process.exit(2);
  }
}
const tf = createRequire(import.meta.url)('@tensorflow/tfjs') as TF;
console.log(
  `${engine.info.version}, ${engine.info.name}, ${engine.info.device}${engine.info.computation ? `, ${computationWords(engine.info.computation)}` : ''}; fixtures in ${root}`,
);

const short = values.precision === 'bfloat16';
const count = { passed: 0, failed: 0 };
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.json') && isChosen(basename(file)))
  .sort();
for (const file of files) {
  const start = performance.now();
  let line: string;
  try {
    const report = await compare(join(root, file));
    if (!report) continue;
    const took = `${((performance.now() - start) / 1000).toFixed(1)} s`;
    const worst = `worst ${(100 * report.worst).toPrecision(3)} % of what is allowed`;
    const good = report.failed === 0 && report.passed > 0;
    count[good ? 'passed' : 'failed']++;
    line = `${report.passed} of ${report.passed + report.failed} checks, ${worst}, ${took}`;
    line = [
      `${good ? 'ok    ' : 'FAILED'} ${file}: ${line}`,
      ...report.failures.map((failure) => `         ${failure}`),
    ].join('\n');
  } catch (error) {
    count.failed++;
    line = `FAILED ${file}: ${messageOf(error)}`;
  }
  console.log(line);
}
if (count.passed + count.failed === 0) console.log(`FAILED No fixture lies under ${root}.`);
console.log(`${count.passed} passed, ${count.failed} failed`);
process.exitCode = count.failed > 0 || count.passed === 0 ? 1 : 0;

/**
 * The report of one file; undefined for files that hold no fixture (not JSON, of no kind, or the
 * tolerances themselves).
 */
async function compare(path: string): Promise<ParityReport | undefined> {
  const json = parse(readFileSync(path, 'utf8'));
  if (json === undefined) return undefined;
  const { kind, tolerance } = json as { kind?: unknown; tolerance?: unknown };
  const file = basename(path, '.json');
  switch (kind) {
    case undefined:
    case 'tolerances':
      return undefined;
    case 'asha':
      return ashaParity(file, json);
    case 'schedules':
      return schedulesParity(file, json);
    case 'schedules2':
      return dropsParity(file, json);
    case 'stats':
      return statsParity(file, json, tolerances(path, 'float32'));
    case 'param_counts':
      return modelsParity(file, json);
    case 'param_counts2':
      return modelsParity2(file, json);
    case 'gates': {
      const allowed = tolerances(path, 'float32');
      return gatesParity(
        file,
        json,
        allowed as { gate_loss: number; gate_grad: number },
        engineLoss(tf),
      );
    }
    case 'edges2': {
      const { edge_loss, edge_grad, edge_logits } = tolerances(path, 'float32') as {
        edge_loss: number;
        edge_grad: number;
        edge_logits: number;
      };
      const allowed = { gate_loss: edge_loss, gate_grad: edge_grad, edge_logits };
      return edgesParity(file, json, allowed, engineLoss(tf));
    }
    case 'maps2':
      return mapsParity(file, json, tolerances(path, 'float32'), engineLoss(tf));
    case 'augment2':
      return augmentParity(file, json, tolerances(path, 'float32'));
    case 'resized_crop': {
      const native = name === 'portable' ? {} : { tensorflow: loadBinding() };
      return cropParity(file, json, tolerances(path, 'float32'), { tf, ...native });
    }
    case 'layers2': {
      const ops = name === 'portable' ? plainOperations(tf) : nativeOperations(loadBinding());
      return layersParity(file, json, tolerances(path, 'float32'), { tf, ops });
    }
    case 'forward':
    case 'forward2':
      return forwardParity(file, json, ofPass(file, path, tolerance), steps);
    case 'ktg':
      return stepsParity(file, json, ofSteps(path, json), steps);
    case 'ktg2':
      return stepsParity2(file, json, ofSteps(path, json), steps);
    case 'torch':
      return torchParity(file, json, dirname(path), torchTolerances(path, tolerance), steps);
    default:
      throw new Error(`Unknown kind ${JSON.stringify(kind)}.`);
  }
}

/** Limits of whole steps in the precision of this run. */
function ofSteps(path: string, json: unknown): Tolerances {
  const { tolerance, models } = json as { tolerance: unknown; models: readonly string[] };
  return short ? bfloat16Tolerances(models) : tolerances(path, tolerance);
}

/** Limits of one pass of a network in the precision of this run. */
function ofPass(file: string, path: string, group: unknown): Tolerances {
  const limits = tolerances(path, group);
  return short ? bfloat16PassTolerances(file, limits) : limits;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Checkpoints share the limits of the fixtures beside them. */
function torchTolerances(path: string, group: unknown): Tolerances {
  const limits = limitsIn(join(dirname(path), '..', 'ktg2', 'tolerances.json'), group);
  return short ? bfloat16TorchTolerances(limits) : limits;
}

/**
 * Limits of a class, from the nearest `tolerances.json` at or above the fixture, inside the folder
 * given.
 */
function tolerances(path: string, group: unknown): Tolerances {
  for (
    let folder = dirname(path);
    !relative(root, folder).startsWith('..');
    folder = dirname(folder)
  ) {
    const file = join(folder, 'tolerances.json');
    if (!existsSync(file)) continue;
    return limitsIn(file, group);
  }
  throw new Error(`No tolerances.json beside ${path}.`);
}

function limitsIn(file: string, group: unknown): Tolerances {
  const { classes } = JSON.parse(readFileSync(file, 'utf8')) as {
    classes: Record<string, Tolerances>;
  };
  const found = classes[String(group)];
  if (!found) throw new Error(`${file} has no class ${JSON.stringify(group)}.`);
  return found;
}
