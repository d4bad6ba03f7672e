import { LabError } from '../base/errors.ts';
import type { Computation, RequestedComputation } from '../study/computation.ts';

export type DeviceKind = 'cpu' | 'gpu';

/**
 * Code of the error for a computation that this engine cannot do here: every engine on this device
 * would refuse it.
 */
export const IMPOSSIBLE = 'engine.precision';
/** Code of the error for a library that opens and finds no card that it can use. */
export const NO_CARD = 'engine.no-card';

/**
 * The computation for a device. On cards the default is TF32: an independent run of the whole
 * recipe in it reached the expected accuracies; bfloat16 waits for such a run.
 *
 * @throws LabError `engine.precision` (`IMPOSSIBLE`) for what the device or the compiler cannot do
 */
export function computationFor(device: DeviceKind, wish: RequestedComputation = {}): Computation {
  const {
    compiler = device === 'gpu' ? 'xla' : 'none',
    precision = device === 'gpu' ? 'tf32' : 'float32',
    deterministic = false,
  } = wish;
  if (precision === 'tf32' && device === 'cpu') throw new LabError('engine.precision/tf32');
  if (precision === 'bfloat16' && compiler === 'none')
    throw new LabError('engine.precision/bfloat16');
  return { compiler, precision, deterministic };
}

/**
 * Steps in one call and images in one evaluation call. On a processor a loop inside the program
 * only costs time.
 */
export const callSizes = (device: DeviceKind): { stepsPerCall: number; evaluationBatch: number } =>
  device === 'gpu'
    ? { stepsPerCall: 71, evaluationBatch: 1000 }
    : { stepsPerCall: 1, evaluationBatch: 200 };

/**
 * Variables that TensorFlow, XLA and CUDA's libraries read once, when they are opened.
 *
 * @param cache folder of compiled programs and measured kernels, of these very versions; null for
 * none
 * @param cudaTools folder of ptxas and libdevice where they came with the engine; null for the
 * system's
 */
export function computationVariables(
  device: DeviceKind,
  { compiler, precision, deterministic }: Computation,
  cache: string | null,
  cudaTools: string | null = null,
): Record<string, string> {
  const variables: Record<string, string> = {};
  const xla: string[] = [];
  if (device === 'gpu') {
    if (cudaTools !== null) xla.push(pathFlag('xla_gpu_cuda_data_dir', cudaTools));
    // the override holds in cuDNN and cuBLAS; XLA's own matrix kernels do not ask it
    if (precision === 'float32') {
      variables.NVIDIA_TF32_OVERRIDE = '0';
      xla.push('--xla_gpu_enable_triton_gemm=false');
    }
    if (deterministic) {
      variables.TF_DETERMINISTIC_OPS = '1';
      variables.TF_CUDNN_DETERMINISTIC = '1';
      xla.push('--xla_gpu_deterministic_ops=true');
    }
    // XLA's two autotuners, of which this version may use either
    if (cache !== null && !deterministic)
      for (const name of [
        'xla_gpu_per_fusion_autotune_cache_dir',
        'xla_gpu_experimental_autotuner_cache_dir',
      ])
        xla.push(pathFlag(name, cache));
  }
  if (xla.length > 0) variables.XLA_FLAGS = xla.join(' ');
  if (compiler === 'xla' && cache !== null) {
    // compared with the device's name or, where it computes through PjRt, with that of its compiler
    const types = device === 'gpu' ? 'GPU,XLA_GPU_JIT' : 'CPU,XLA_CPU_JIT';
    variables.TF_XLA_FLAGS = `${pathFlag('tf_xla_persistent_cache_directory', cache)} --tf_xla_persistent_cache_device_types=${types}`;
    // It calls every entry that it finds an error of text before it reads it as binary.
    variables.TF_CPP_MIN_LOG_LEVEL = '3';
  }
  return variables;
}

/** A flag as XLA takes it apart: blanks end a value that is not quoted. */
const pathFlag = (name: string, path: string): string =>
  `--${name}="${path.replace(/["\\]/g, '\\$&')}"`;

/** Variables by which somebody may change what XLA, cuDNN and cuBLAS make of a program. */
const deciding =
  /^(XLA_FLAGS$|TF_XLA_FLAGS$|TF_DETERMINISTIC_|TF_CUDNN_|NVIDIA_TF32_|CUDNN_|CUBLAS_)/;

/**
 * What of an environment decides how programs are compiled; `variables` are added to it as
 * `addVariables` does.
 */
export function decidingVariables(
  environment: Readonly<Record<string, string | undefined>>,
  variables: Readonly<Record<string, string>>,
): Record<string, string | undefined> {
  const whole = { ...environment };
  addVariables(whole, variables);
  return Object.fromEntries(
    Object.entries(whole)
      .filter(([name]) => deciding.test(name))
      .sort(),
  );
}

/**
 * Sets variables without touching what the user has set: flags join the user's, who has the last
 * word.
 */
export function addVariables(
  environment: Record<string, string | undefined>,
  variables: Readonly<Record<string, string>>,
): void {
  for (const [name, value] of Object.entries(variables)) {
    const own = environment[name];
    if (name.endsWith('_FLAGS')) environment[name] = own ? `${value} ${own}` : value;
    else environment[name] ??= value;
  }
}
