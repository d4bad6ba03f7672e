import { LabError } from '../base/errors.ts';
import type { Computation, ComputationWish } from '../study/computation.ts';

export type DeviceKind = 'cpu' | 'gpu';

/** Code of the error for a computation that this engine cannot do here: every engine on this device would refuse it. */
export const IMPOSSIBLE = 'engine.precision';

/**
 * The computation for a device. On cards the default is TF32: an independent run of the whole recipe in it reached the
 * expected accuracies; bfloat16 waits for such a run.
 *
 * @throws LabError `engine.precision` (`IMPOSSIBLE`) for what the device or the compiler cannot do
 */
export function computationFor(device: DeviceKind, wish: ComputationWish = {}): Computation {
  const {
    compiler = device === 'gpu' ? 'xla' : 'none',
    precision = device === 'gpu' ? 'tf32' : 'float32',
    deterministic = false,
  } = wish;
  if (precision === 'tf32' && device === 'cpu')
    throw new LabError(IMPOSSIBLE, 'TF32 is a format of NVIDIA cards; this engine computes on the processor.', 'Choose --precision float32.'); // prettier-ignore
  if (precision === 'bfloat16' && compiler === 'none')
    throw new LabError(IMPOSSIBLE, 'bfloat16 needs the compiled step.', 'Add --compiler xla, or choose --precision float32.'); // prettier-ignore
  return { compiler, precision, deterministic };
}

/** Steps in one call and images in one evaluation call. On a processor a loop inside the program only costs time. */
export const callSizes = (device: DeviceKind): { stepsPerCall: number; evaluationBatch: number } =>
  device === 'gpu' ? { stepsPerCall: 71, evaluationBatch: 1000 } : { stepsPerCall: 1, evaluationBatch: 200 };

/**
 * Variables that TensorFlow, XLA and CUDA's libraries read once, when they are opened.
 *
 * @param cache folder of compiled programs and measured kernels, of these very versions; null for none
 * @param cudaTools folder of ptxas and libdevice where they came with the engine; null for the system's
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
    if (cudaTools !== null) xla.push(`--xla_gpu_cuda_data_dir=${cudaTools}`);
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
    if (cache !== null && !deterministic) xla.push(`--xla_gpu_per_fusion_autotune_cache_dir=${cache}`);
  }
  if (xla.length > 0) variables.XLA_FLAGS = xla.join(' ');
  if (compiler === 'xla' && cache !== null) {
    variables.TF_XLA_FLAGS = `--tf_xla_persistent_cache_directory=${cache} --tf_xla_persistent_cache_device_types=${device === 'gpu' ? 'GPU' : 'CPU'}`;
    variables.TF_CPP_MIN_LOG_LEVEL = '3'; // it calls every entry that it finds an error of text before it reads it as binary
  }
  return variables;
}

/** Sets variables without touching what the user has set: flags join the user's, who has the last word. */
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
