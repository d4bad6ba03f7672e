import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { TF } from '../ops.ts';
import { registerConvolutionGradients } from './convolution-gradients.ts';

const require = createRequire(import.meta.url);

/** Opens one of tfjs's own backends: WASM when it starts, else plain JavaScript. */
export async function openPortableBackend(): Promise<{ tf: TF; backend: 'wasm' | 'cpu' }> {
  const tf = require('@tensorflow/tfjs') as TF;
  const wasm = require('@tensorflow/tfjs-backend-wasm') as { setWasmPaths(folder: string): void };
  wasm.setWasmPaths(join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')), '/'));
  const started = await tf.setBackend('wasm').catch(() => false);
  if (started) registerConvolutionGradients(tf);
  else await tf.setBackend('cpu');
  return { tf, backend: started ? 'wasm' : 'cpu' };
}
