import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as tfjs from '@tensorflow/tfjs';
import type { TF } from '../ops.ts';

const require = createRequire(import.meta.url);

/** Which of tfjs's own backends runs: WASM where it starts, else plain JavaScript. */
export async function openPortableBackend(): Promise<{ tf: TF; backend: 'wasm' | 'cpu' }> {
  const tf = require('@tensorflow/tfjs') as TF;
  const wasm = require('@tensorflow/tfjs-backend-wasm') as { setWasmPaths(folder: string): void };
  wasm.setWasmPaths(join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')), '/'));
  registerFilterGradient(tf);
  const started = await tf.setBackend('wasm').catch(() => false);
  if (!started) await tf.setBackend('cpu');
  return { tf, backend: started ? 'wasm' : 'cpu' };
}

/**
 * The gradient of a convolution's filter, which the WASM backend lacks: for every position of the filter the product
 * of the pixels under it with the output's gradient, [inChannels, positions] x [positions, outChannels].
 */
function registerFilterGradient(tf: TF): void {
  if (tf.getKernel('Conv2DBackpropFilter', 'wasm')) return;
  tf.registerKernel({
    kernelName: 'Conv2DBackpropFilter',
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs }) => {
      const { x, dy } = inputs as { x: tfjs.Tensor4D; dy: tfjs.Tensor4D };
      const { strides, pad, filterShape } = attrs as unknown as {
        strides: number | [number, number];
        pad: 'same' | 'valid' | number;
        filterShape: [number, number, number, number];
      };
      const info = tf.backend_util.computeConv2DInfo(x.shape, filterShape, strides, 1, pad);
      return tf.tidy(() => {
        const { top, bottom, left, right } = info.padInfo;
        const padded = tf.pad(x, [[0, 0], [top, bottom], [left, right], [0, 0]]); // prettier-ignore
        const slopes = tf.reshape(dy, [-1, info.outChannels]);
        const parts: tfjs.Tensor[] = [];
        for (let row = 0; row < info.filterHeight; row++) {
          for (let column = 0; column < info.filterWidth; column++) {
            const pixels = tf.stridedSlice(
              padded,
              [0, row, column, 0],
              [
                info.batchSize,
                row + (info.outHeight - 1) * info.strideHeight + 1,
                column + (info.outWidth - 1) * info.strideWidth + 1,
                info.inChannels,
              ],
              [1, info.strideHeight, info.strideWidth, 1],
            );
            parts.push(tf.matMul(tf.reshape(pixels, [-1, info.inChannels]), slopes, true));
          }
        }
        return tf.reshape(tf.stack(parts), filterShape);
      });
    },
  });
}
