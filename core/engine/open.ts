import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { nextOf } from '../base/command-words.ts';
import { LabError } from '../base/errors.ts';
import type { Computation, Precision, RequestedComputation } from '../study/computation.ts';
import { EagerStep } from './eager.ts';
import {
  callSizes,
  computationFor,
  computationVariables,
  decidingVariables,
  type DeviceKind,
  IMPOSSIBLE,
  NO_CARD,
} from './computation.ts';
import { type Engine, type EngineName, formOf, type Step, type StepPlan } from './engine.ts';
import { plainOperations } from './plain-ops.ts';
import { sideOf } from './flat.ts';
import { openPortableBackend } from './portable/backend.ts';
import { hostImages } from './portable/host-images.ts';
import { loadBinding, openLibraries, type TensorFlowBinding } from './tensorflow/binding.ts';
import { captureStep } from './tensorflow/captured.ts';
import { compilableOperations } from './tensorflow/compilable-ops.ts';
import { compileCache } from './tensorflow/compile-cache.ts';
import { compileStep } from './tensorflow/compiled.ts';
import { computesBfloat16, kernelsFor, kernelWords } from '../devices/processor.ts';
import { cudaCompilerPackage, cudaFolder } from '../install/cuda-libraries.ts';
import { diagnose, problemsOf } from '../devices/cuda-diagnosis.ts';
import {
  cardSeen,
  cardWords,
  probeCuda,
  type SeenCard,
  systemLibraries,
} from '../devices/cuda-probe.ts';
import { loadKernels } from '../install/kernels.ts';
import { libraryStatus } from '../install/library-status.ts';
import { nativeOperations } from './tensorflow/native-ops.ts';
import { noKernels, type OwnKernels } from './tensorflow/own-kernels.ts';
import { ownOperations } from './tensorflow/own-ops.ts';
import type { Variant } from '../install/release.ts';
import { residentImages } from './tensorflow/resident.ts';

export interface EngineChoice {
  /** `auto`: tensorflow when its library is ready, else portable. */
  readonly engine: EngineName | 'auto';
  /** CPU threads; fixed for the lifetime of the process. */
  readonly threads?: number;
  /** Kind of device; default `cpu`. */
  readonly device?: DeviceKind;
  readonly computation?: RequestedComputation;
  /** Steps in one call of the compiled step; default by device. For tests and benchmarks. */
  readonly stepsPerCall?: number;
}

/**
 * Opens the one engine of this process. `auto` uses the portable engine when TensorFlow cannot run,
 * and gives the reason in its info.
 *
 * @throws LabError `engine.*` when an engine requested by name cannot run
 */
export async function openEngine(choice: EngineChoice): Promise<Engine> {
  const { engine, computation } = choice;
  if (engine === 'portable') return openPortable(computation);
  if (engine !== 'auto' || choice.device === 'gpu')
    return openTensorFlow(engine === 'auto' ? 'tensorflow' : engine, choice);
  try {
    return openTensorFlow('tensorflow', choice);
  } catch (error) {
    if (!(error instanceof LabError) || error.code === IMPOSSIBLE) throw error;
    return openPortable(computation, `${error.message} ${nextOf(libraryStatus().steps)}.`);
  }
}

function openTensorFlow(name: 'tensorflow' | 'eager', choice: EngineChoice): Engine {
  const device = choice.device ?? 'cpu';
  const computation = computationFor(device, choice.computation);
  if (computation.precision === 'bfloat16') requireBfloat16(name, device, computation);
  const variant = device === 'cpu' ? processorVariant() : 'gpu';
  const card = device === 'gpu' ? exposeOneCard() : null;
  // Programs for a processor depend on its exact features and compile in seconds, so they are kept
  // only in a folder that the user names.
  const keepsPrograms =
    computation.compiler === 'xla' && (device === 'gpu' || process.env.KTG_COMPILED !== undefined);
  const cache = keepsPrograms
    ? compileCache(computation, programDependencies(variant, card, computation))
    : null;
  const variables = computationVariables(device, computation, cache, cudaTools(card));
  openLibraries({ variant, variables });
  const chosen =
    device === 'cpu' && computation.compiler === 'none'
      ? ownKernels(variant, computation.precision)
      : null;
  const kernels = chosen?.kernels ?? noKernels;
  // Our kernels share one operation between all threads, and several operations at once would hold
  // more maps in memory.
  const operationsAtOnce = kernels.norms ? 1 : undefined;
  const tensorflow = loadBinding({ variant, threads: choice.threads, operationsAtOnce });
  const { tf, binding } = tensorflow;
  if (device === 'gpu') requireCard(binding);
  const options = { ...callSizes(device), bfloat16: computation.precision === 'bfloat16', cache };
  if (choice.stepsPerCall !== undefined) options.stepsPerCall = choice.stepsPerCall;
  const compile = (plan: StepPlan): Step => {
    if (name === 'eager')
      return new EagerStep(
        tf,
        ownOperations(tensorflow, kernels),
        plan,
        residentImages(tensorflow, sideOf(plan), formOf(plan).crop),
      );
    return computation.compiler === 'xla'
      ? compileStep(tensorflow, compilableOperations(tensorflow), plan, options)
      : captureStep(tensorflow, nativeOperations(tensorflow), plan, {
          bfloat16: options.bfloat16,
          kernels,
        });
  };
  const used = process.env.TF_NUM_INTRAOP_THREADS ?? 'all';
  // TensorFlow takes all cores for 0, and for what is no number.
  const threads = Number.parseInt(used, 10) || availableParallelism();
  return {
    info: {
      name,
      version: `TensorFlow ${binding.TF_Version}`,
      device: card ? cardWords(card) : `CPU, ${used} thread${used === '1' ? '' : 's'}`,
      ...(device === 'cpu' && { threads }),
      ...(name === 'tensorflow' && { computation }),
      ...(chosen && { kernels: kernelWords(chosen.kernels) }),
      ...(chosen?.problem && { note: `${chosen.problem.message}\n${chosen.problem.next}` }),
    },
    compile: async (plan) => Promise.resolve(compile(plan)),
    counts: () => ({ tensors: binding.getNumOfTensors(), sessions: binding.getNumOfSavedModels() }),
    dispose: () => undefined,
  };
}

/**
 * Loads our own kernels, where this processor runs them. TensorFlow's libraries must be open.
 * `problem`: why TensorFlow's kernels do the work of ours.
 */
function ownKernels(
  variant: Variant,
  precision: Precision,
): { kernels: OwnKernels; problem: LabError | null } {
  const possible = kernelsFor(precision);
  if (!possible.norms) return { kernels: noKernels, problem: null };
  const problem = loadKernels(variant);
  return { kernels: problem ? noKernels : possible, problem };
}

/**
 * Returns the installed library for the processor: the library for cards works too, with all cards
 * hidden.
 */
function processorVariant(): Variant {
  if (libraryStatus('cpu').state === 'ready' || libraryStatus('gpu').state !== 'ready')
    return 'cpu';
  process.env.CUDA_VISIBLE_DEVICES = '';
  return 'gpu';
}

/**
 * Returns everything that programs depend on besides their computation. `card`: null for the
 * processor.
 */
function programDependencies(
  variant: Variant,
  card: SeenCard | null,
  computation: Computation,
): unknown {
  const device = card ? 'gpu' : 'cpu';
  const { folder } = libraryStatus(variant);
  const manifest = join(folder, 'manifest.json');
  return [
    card ? [card.title, card.capability, card.driver] : cpus()[0]?.model,
    existsSync(manifest) && readFileSync(manifest, 'utf8'),
    card && systemLibraries(folder),
    decidingVariables(
      process.env,
      computationVariables(device, computation, null, cudaTools(card)),
    ),
  ];
}

/**
 * Returns the folder of the engine's own ptxas and libdevice; null without them or without a card.
 */
function cudaTools(card: SeenCard | null): string | null {
  const folder = join(libraryStatus('gpu').folder, cudaFolder, cudaCompilerPackage);
  return card && existsSync(folder) ? folder : null;
}

/**
 * TensorFlow allocates memory on every visible card and computes on the first, so only one stays
 * visible.
 */
function exposeOneCard(): SeenCard {
  process.env.CUDA_DEVICE_ORDER ??= 'PCI_BUS_ID'; // nvidia-smi's numbers
  const visible = (process.env.CUDA_VISIBLE_DEVICES ?? '0').split(',')[0]!;
  process.env.CUDA_VISIBLE_DEVICES = visible;
  return cardSeen(visible);
}

/**
 * A request for a card must never run on the processor silently.
 * @throws LabError `engine.no-card`
 */
function requireCard(binding: TensorFlowBinding): void {
  if (binding.isUsingGpuDevice()) return;
  const probe = probeCuda();
  const [problem] = problemsOf(diagnose(probe), probe.cards[0]?.uuid);
  throw new LabError(NO_CARD, {
    reason: problem ? ` ${problem.found}` : '',
    steps: problem?.steps ?? [
      'Check with nvidia-smi whether another program uses the card exclusively.',
      { do: 'use-processor' },
    ],
  });
}

/** @throws LabError `engine.precision` when bfloat16 would be ignored or slow */
function requireBfloat16(name: EngineName, device: DeviceKind, { compiler }: Computation): void {
  if (name === 'eager') throw new LabError('engine.precision/bfloat16-eager');
  if (device === 'cpu' && compiler === 'none' && !computesBfloat16())
    throw new LabError('engine.precision/bfloat16-processor');
}

/** @throws LabError `engine.precision`: the portable engine has float32 and no compiler */
async function openPortable(
  { compiler = 'none', precision = 'float32' }: RequestedComputation = {},
  reason = '',
): Promise<Engine> {
  if (compiler !== 'none' || precision !== 'float32')
    throw new LabError('engine.precision/portable', { reason });
  const { tf, backend } = await openPortableBackend();
  const ops = plainOperations(tf);
  const slow =
    backend === 'wasm'
      ? 'The portable engine is much slower than TensorFlow.'
      : 'Without WebAssembly the portable engine is far too slow to train with.';
  return {
    info: {
      name: 'portable',
      version: `tfjs ${backend} ${tf.version_core}`,
      device: 'CPU',
      note: reason === '' ? slow : `${reason} ${slow}`,
    },
    compile: async (plan) =>
      Promise.resolve(
        new EagerStep(tf, ops, plan, hostImages(tf, sideOf(plan), formOf(plan).crop)),
      ),
    counts: () => ({ tensors: tf.memory().numTensors, sessions: 0 }),
    dispose: () => undefined,
  };
}
