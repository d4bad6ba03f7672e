import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as tfjs from '@tensorflow/tfjs';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js';
import { LabError, messageOf, withNext } from '../../base/errors.ts';
import { inBackground } from '../../base/in-background.ts';
import { addVariables } from '../computation.ts';
import { addonFile } from '../../install/addon.ts';
import { libraryStatus } from '../../install/library-status.ts';
import { cudaFolder, cudaLibraries, cudnnParts } from '../../install/cuda-libraries.ts';
import { openQuietly } from '../../install/quiet-opener.ts';
import { releaseFor, type Variant } from '../../install/release.ts';

const require = createRequire(import.meta.url);
const bindingPackage = '@tensorflow/tfjs-node-gpu';

/** Number of a tensor inside the addon; `deleteTensor` frees it. */
export type TensorId = number;

/** Description of an operation's output. `dtype` is a TF_* number. */
export interface TensorMetadata {
  id: TensorId;
  shape: number[];
  dtype: number;
}

/**
 * Attribute of an operation; `type` is a TF_ATTR_* number. `recorded`: the type in a graph when
 * tfjs has no such type.
 */
export interface OpAttribute {
  name: string;
  type: number;
  value: unknown;
  recorded?: number;
}

/** The addon: the part of TensorFlow's C API that tfjs-node uses. Its properties are read-only. */
export interface TensorFlowBinding {
  createTensor(
    shape: readonly number[],
    dtype: number,
    values: ArrayBufferView | Uint8Array[],
  ): TensorId;
  deleteTensor(id: TensorId): void;
  /** Copies a tensor to the host. */
  tensorDataSync(id: TensorId): Float32Array | Int32Array | Uint8Array;
  executeOp(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly TensorId[],
    outputs: number,
  ): TensorMetadata[];
  /** `tags` separated by commas. @returns number of the session */
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(session: number): void;
  /** `inputNames` and `outputNames`: `name:index` of graph operations, separated by commas. */
  runSavedModel(
    session: number,
    inputs: readonly TensorId[],
    inputNames: string,
    outputNames: string,
  ): TensorMetadata[];
  getNumOfSavedModels(): number;
  getNumOfTensors(): number;
  isUsingGpuDevice(): boolean;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_INT64: number;
  readonly TF_BOOL: number;
  readonly TF_COMPLEX64: number;
  readonly TF_STRING: number;
  readonly TF_RESOURCE: number;
  readonly TF_UINT8: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  readonly TF_ATTR_RESOURCE: number;
  readonly TF_Version: string;
}

/** tfjs's backend over the addon, with two private methods for recording. */
export type TensorFlowBackend = Omit<NodeJSKernelBackend, 'binding' | 'createOutputTensor'> & {
  binding: TensorFlowBinding;
  getInputTensorIds(tensors: readonly tfjs.TensorInfo[]): TensorId[];
  createOutputTensor(metadata: TensorMetadata): tfjs.Tensor;
};

/** A loaded TensorFlow: tfjs, its current backend, and the addon below it. */
export interface TensorFlow {
  tf: typeof tfjs;
  backend: TensorFlowBackend;
  binding: TensorFlowBinding;
}

export interface LibraryOptions {
  variant?: Variant;
  /** Further environment variables of the library (`computationVariables`). */
  variables?: Readonly<Record<string, string>>;
}

export interface BindingOptions extends LibraryOptions {
  /** Threads of one operation; default all cores. Fixed for the lifetime of the process. */
  threads?: number | undefined;
  /** Operations that compute at the same time; default as many as there are threads. */
  operationsAtOnce?: number | undefined;
}

/** Folder of the libraries that this process has open. */
let opened: string | undefined;
let loaded: TensorFlow | undefined;

/**
 * Opens TensorFlow's libraries without starting it, so that our own kernels can load before
 * `loadBinding` decides how many operations compute at once. A second call changes nothing.
 *
 * @returns the folder of the libraries
 * @throws LabError `engine.missing | damaged | other-version | unsupported | does-not-load`
 */
export function openLibraries({ variant = 'cpu', variables = {} }: LibraryOptions = {}): string {
  if (opened !== undefined) return opened;
  const status = libraryStatus(variant);
  if (status.state !== 'ready')
    throw new LabError(
      withNext({
        code: `engine.${status.state}`,
        message: status.found,
        steps: [...status.steps, { do: 'use-portable' }],
      }),
    );
  const { folder } = status;
  addVariables(process.env, variables);
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'; // errors only
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true'; // else TensorFlow allocates the whole card
  loading(() => {
    openQuietly(folder, [...ownLibraries(folder), ...releaseFor(variant).libraries]);
  });
  opened = folder;
  return folder;
}

/**
 * Loads TensorFlow into this process as the backend of tfjs. A second call returns the result of
 * the first. Never call it in a worker thread: the addon has one unlocked global for the whole
 * process.
 *
 * @throws LabError as `openLibraries`
 */
export function loadBinding(options: BindingOptions = {}): TensorFlow {
  if (loaded) return loaded;
  const folder = openLibraries(options);
  setThreads(options);
  allowRemovedUtil();
  const binding = loading(() => require(join(folder, addonFile)) as TensorFlowBinding);
  const tf = require('@tensorflow/tfjs') as typeof tfjs;
  require(`${bindingPackage}/dist/register_all_kernels.js`);
  const { NodeJSKernelBackend: Backend } = require(
    `${bindingPackage}/dist/nodejs_kernel_backend.js`,
  ) as {
    NodeJSKernelBackend: new (binding: TensorFlowBinding, packageName: string) => TensorFlowBackend;
  };
  const backend = new Backend(binding, bindingPackage);
  tf.registerBackend('tensorflow', () => backend, 3);
  // The backend's factory is synchronous, so setBackend has already finished.
  inBackground(tf.setBackend('tensorflow'));
  loaded = { tf, backend, binding };
  return loaded;
}

/** TensorFlow reads these once, when it starts. The user's own values are kept. */
function setThreads({ threads, operationsAtOnce }: BindingOptions): void {
  if (threads !== undefined) process.env.TF_NUM_INTRAOP_THREADS ??= String(threads);
  const atOnce = operationsAtOnce ?? process.env.TF_NUM_INTRAOP_THREADS;
  if (atOnce !== undefined) process.env.TF_NUM_INTEROP_THREADS ??= String(atOnce);
}

/**
 * tfjs-node 4.22 calls util.isNullOrUndefined, which Node 23 removed, and util.isArray, which
 * prints a warning.
 */
function allowRemovedUtil(): void {
  const util = require('node:util') as Record<
    'isNullOrUndefined' | 'isArray',
    (value: unknown) => boolean
  >;
  util.isNullOrUndefined = (value) => value === null || value === undefined;
  util.isArray = Array.isArray;
}

/**
 * Returns the CUDA libraries that the engine brought. They are opened first and by path: TensorFlow
 * requests them by name and gets the open ones. LD_LIBRARY_PATH would not help, since a running
 * process cannot change it.
 */
export const ownLibraries = (folder: string): string[] =>
  [...cudaLibraries.map(({ soname }) => soname), ...cudnnParts]
    .map((name) => join(cudaFolder, name))
    .filter((path) => existsSync(join(folder, path)));

/** @throws LabError `engine.does-not-load` with the loader's message */
function loading<Result>(load: () => Result): Result {
  try {
    return load();
  } catch (error) {
    throw new LabError('engine.does-not-load', { reason: messageOf(error) }, { cause: error });
  }
}
