/** A CUDA library that TensorFlow opens by name on a card, with its package. */
export interface CudaLibrary {
  /** The name that TensorFlow opens; its number is the version of the binary interface. */
  readonly soname: string;
  /** Name in a sentence: `cuDNN 9`. */
  readonly title: string;
  readonly package: string;
}

/**
 * In load order: each library after those that it needs. TensorFlow 2.21 is built against CUDA 12.
 */
export const cudaLibraries: readonly CudaLibrary[] = [
  { soname: 'libcudart.so.12', title: "CUDA 12's runtime", package: 'nvidia-cuda-runtime-cu12' },
  { soname: 'libnvJitLink.so.12', title: "CUDA 12's linker", package: 'nvidia-nvjitlink-cu12' },
  { soname: 'libnvrtc.so.12', title: "CUDA 12's compiler", package: 'nvidia-cuda-nvrtc-cu12' },
  { soname: 'libcublasLt.so.12', title: 'cuBLAS 12', package: 'nvidia-cublas-cu12' },
  { soname: 'libcublas.so.12', title: 'cuBLAS 12', package: 'nvidia-cublas-cu12' },
  { soname: 'libcufft.so.11', title: 'cuFFT of CUDA 12', package: 'nvidia-cufft-cu12' },
  { soname: 'libcurand.so.10', title: 'cuRAND of CUDA 12', package: 'nvidia-curand-cu12' },
  { soname: 'libcusparse.so.12', title: 'cuSPARSE of CUDA 12', package: 'nvidia-cusparse-cu12' },
  { soname: 'libcusolver.so.11', title: 'cuSOLVER of CUDA 12', package: 'nvidia-cusolver-cu12' },
  {
    soname: 'libcupti.so.12',
    title: "CUDA 12's profiling interface",
    package: 'nvidia-cuda-cupti-cu12',
  },
  { soname: 'libnccl.so.2', title: 'NCCL 2', package: 'nvidia-nccl-cu12' },
  { soname: 'libcudnn.so.9', title: 'cuDNN 9', package: 'nvidia-cudnn-cu12' },
];

/**
 * Parts of cuDNN 9 in load order. libcudnn.so.9 opens them by name and searches LD_LIBRARY_PATH
 * before its own folder, which could mix in parts of another cuDNN.
 */
export const cudnnParts: readonly string[] = [
  'libcudnn_graph.so.9',
  'libcudnn_ops.so.9',
  'libcudnn_cnn.so.9',
  'libcudnn_adv.so.9',
  'libcudnn_engines_precompiled.so.9',
  'libcudnn_engines_runtime_compiled.so.9',
  'libcudnn_heuristic.so.9',
];

/** Package with ptxas and libdevice, which XLA needs to compile for a card. */
export const cudaCompilerPackage = 'nvidia-cuda-nvcc-cu12';

/** Folder for CUDA's libraries beside TensorFlow's own, and for `cudaCompilerPackage` below it. */
export const cudaFolder = 'cuda';
