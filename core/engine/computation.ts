import { LabError } from '../base/errors.ts';
import type { Computation, RequestedComputation } from '../study/computation.ts';

export type DeviceKind = 'cpu' | 'gpu';

/** Error code of a computation that no engine on this device supports. */
export const IMPOSSIBLE = 'engine.precision';
/** Error code of a library that loads but finds no usable card. */
export const NO_CARD = 'engine.no-card';

/**
 * Returns the computation for a device. Cards use TF32 by default: an independent run of the whole
 * recipe in TF32 reached the expected accuracies. bfloat16 needs such a run before it may become a
 * default.
 *
 * @throws LabError `engine.precision` (`IMPOSSIBLE`) when device or compiler do not support the
 * request
 */
export function computationFor(
  device: DeviceKind,
  request: RequestedComputation = {},
): Computation {
  const {
    compiler = device === 'gpu' ? 'xla' : 'none',
    precision = device === 'gpu' ? 'tf32' : 'float32',
    deterministic = false,
  } = request;
  if (precision === 'tf32' && device === 'cpu') throw new LabError('engine.precision/tf32');
  if (precision === 'bfloat16' && compiler === 'none' && device === 'gpu')
    throw new LabError('engine.precision/bfloat16');
  return { compiler, precision, deterministic };
}

/**
 * Returns the steps of one training call and the images of one evaluation call. A loop inside the
 * program makes a processor slower.
 */
export const callSizes = (device: DeviceKind): { stepsPerCall: number; evaluationBatch: number } =>
  device === 'gpu'
    ? { stepsPerCall: 71, evaluationBatch: 1000 }
    : { stepsPerCall: 1, evaluationBatch: 200 };

/**
 * Returns the environment variables that TensorFlow, XLA and CUDA's libraries read once, at
 * loading.
 *
 * @param cache folder of compiled programs and measured kernels of exactly these versions; null for
 * none
 * @param cudaTools folder of the engine's own ptxas and libdevice; null for the system's
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
    // The override applies to cuDNN and cuBLAS; XLA's own matrix kernels ignore it.
    if (precision === 'float32') {
      variables.NVIDIA_TF32_OVERRIDE = '0';
      xla.push('--xla_gpu_enable_triton_gemm=false');
    }
    if (deterministic) {
      variables.TF_DETERMINISTIC_OPS = '1';
      variables.TF_CUDNN_DETERMINISTIC = '1';
      xla.push('--xla_gpu_deterministic_ops=true');
    }
    // XLA has two autotuners; this version may use either.
    if (cache !== null && !deterministic)
      for (const name of [
        'xla_gpu_per_fusion_autotune_cache_dir',
        'xla_gpu_experimental_autotuner_cache_dir',
      ])
        xla.push(pathFlag(name, cache));
  }
  if (xla.length > 0) variables.XLA_FLAGS = xla.join(' ');
  if (compiler === 'xla' && cache !== null) {
    // XLA compares this with the name of the device or, under PjRt, of its compiler.
    const types = device === 'gpu' ? 'GPU,XLA_GPU_JIT' : 'CPU,XLA_CPU_JIT';
    variables.TF_XLA_FLAGS =
      `${pathFlag('tf_xla_persistent_cache_directory', cache)} ` +
      `--tf_xla_persistent_cache_device_types=${types}`;
    // XLA first tries each cache entry as text and logs an error before it reads it as binary.
    variables.TF_CPP_MIN_LOG_LEVEL = '3';
  }
  return variables;
}

/** Returns a flag for XLA's parser: a blank ends a value without quotes. */
const pathFlag = (name: string, path: string): string =>
  `--${name}="${path.replace(/["\\]/g, '\\$&')}"`;

/** Environment variables that change how XLA, cuDNN and cuBLAS compile a program. */
const deciding =
  /^(XLA_FLAGS$|TF_XLA_FLAGS$|TF_DETERMINISTIC_|TF_CUDNN_|NVIDIA_TF32_|CUDNN_|CUBLAS_)/;

/**
 * Returns the part of an environment that affects compilation, after `addVariables` with
 * `variables`.
 */
export function decidingVariables(
  environment: Readonly<Record<string, string | undefined>>,
  variables: Readonly<Record<string, string>>,
): Record<string, string | undefined> {
  const combined = { ...environment };
  addVariables(combined, variables);
  return Object.fromEntries(
    Object.entries(combined)
      .filter(([name]) => deciding.test(name))
      .sort(),
  );
}

/** Sets variables but keeps the user's: flags are joined, and the user's come last, so they win. */
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
