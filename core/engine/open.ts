import { LabError } from '../base/errors.ts';
import { EagerStep } from './eager.ts';
import type { Engine, EngineName } from './engine.ts';
import { plainOperations } from './plain-ops.ts';
import { openPortableBackend } from './portable/backend.ts';
import { hostImages } from './portable/host-images.ts';
import { loadBinding } from './tensorflow/binding.ts';
import { captureStep } from './tensorflow/captured.ts';
import { libraryStatus } from './tensorflow/library.ts';
import { nativeOperations } from './tensorflow/native-ops.ts';
import { residentImages } from './tensorflow/resident.ts';

export interface EngineChoice {
  /** `auto`: tensorflow where its library is ready, else portable. */
  readonly engine: EngineName | 'auto';
  /** CPU threads; holds for the life of the process. */
  readonly threads?: number;
}

/**
 * Opens an engine in this process; one process holds one engine. Throws `engine.*` when the one asked for by name
 * cannot run; `auto` then takes the portable engine and says why in its info.
 */
export async function openEngine({ engine, threads }: EngineChoice): Promise<Engine> {
  if (engine === 'portable') return openPortable();
  if (engine !== 'auto') return openTensorFlow(engine, threads);
  try {
    return openTensorFlow('tensorflow', threads);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return openPortable(`${error.message} ${libraryStatus().next}.`);
  }
}

function openTensorFlow(name: 'tensorflow' | 'eager', threads: number | undefined): Engine {
  const tensorflow = loadBinding({ threads });
  const { tf, binding } = tensorflow;
  const ops = nativeOperations(tensorflow);
  const used = process.env.TF_NUM_INTRAOP_THREADS ?? 'all';
  return {
    info: { name, version: `TensorFlow ${binding.TF_Version}`, device: `CPU, ${used} threads` },
    compile: async (plan) =>
      name === 'eager'
        ? new EagerStep(tf, ops, plan, residentImages(tensorflow))
        : captureStep(tensorflow, ops, plan),
    counts: () => ({ tensors: binding.getNumOfTensors(), sessions: binding.getNumOfSavedModels() }),
    dispose: () => undefined,
  };
}

async function openPortable(reason = ''): Promise<Engine> {
  const { tf, backend } = await openPortableBackend();
  const ops = plainOperations(tf);
  const slow = `The portable engine is about ${backend === 'wasm' ? 15 : 3000} times slower than TensorFlow.`;
  return {
    info: {
      name: 'portable',
      version: `tfjs ${backend} ${tf.version_core}`,
      device: 'CPU',
      note: reason === '' ? slow : `${reason} ${slow}`,
    },
    compile: async (plan) => new EagerStep(tf, ops, plan, hostImages(tf)),
    counts: () => ({ tensors: tf.memory().numTensors, sessions: 0 }),
    dispose: () => undefined,
  };
}
