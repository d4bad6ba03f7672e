// What all kernels of convolutions share.
#pragma once
#include "vectors.h"

namespace ktg {

constexpr int kTaps = 9;  // of a 3x3 filter

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

  // Returns 16 outputs from channel `c` on; `at` is their place in the map.
  __m512 operator()(__m512 y, std::int64_t at, int c) const {
    return activated(_mm512_fmadd_ps(y, load(scale + c), load(shift + c)), other, at, relu);
  }
};

}  // namespace ktg
