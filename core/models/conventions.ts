/** BatchNorm's epsilon, added to the variance. */
export const BATCH_NORM_EPSILON = 1e-5;

/**
 * Conventions that another program needs to compute with a network's tensors: metadata of every
 * safetensors file, as one JSON text, since metadata are texts.
 */
export const conventionsText: string = JSON.stringify({
  convolutionKernel: 'HWIO: [height, width, input channels, output channels]',
  denseKernel: '[inputs, outputs]',
  padding: '1 pixel of zeros on every side of a 3x3 convolution, also with stride 2; none of a 1x1',
  batchNormEpsilon: BATCH_NORM_EPSILON,
  batchNormVariance: 'running var is unbiased',
  input: 'NHWC: [batch, height, width, 3], RGB, pixel value / 255, no mean subtracted',
});
