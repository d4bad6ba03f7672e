// Sizes that all kernels of convolutions share.
#pragma once

namespace ktg {

// Sizes of x [images, height, width, inputs] and of maps [images, height, width, outputs].
struct Maps {
  int images, height, width, inputs, outputs;
};

// What follows a convolution in evaluation: y * scale + shift [+ other] [, at least 0], with scale
// and shift [outputs] and a map like y, or null. T is float or std::uint16_t (bfloat16).
template <typename T>
struct Ending {
  const float *scale, *shift;
  const T* other;
  bool relu;
};

}  // namespace ktg
