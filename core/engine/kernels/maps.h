// What all kernels of convolutions share.
#pragma once
#include "vectors.h"

namespace ktg {

constexpr int kTaps = 9;  // of a 3x3 filter

// Sizes of x [images, height, width, inputs] and of maps [images, height, width, outputs].
struct Maps {
  int images, height, width, inputs, outputs;
};

// What follows a convolution: y [* scale + shift] [+ other] [, at least 0], with scale and shift
// [outputs], both or none, and a map like y, or null. T is float or std::uint16_t (bfloat16).
template <typename T>
struct Ending {
  const float *scale = nullptr, *shift = nullptr;
  const T* other = nullptr;
  bool relu = false;

  // Returns 16 outputs from channel `c` on; `at` is their place in the map.
  __m512 operator()(__m512 y, std::int64_t at, int c) const {
    if (scale) y = _mm512_fmadd_ps(y, load(scale + c), load(shift + c));
    return activated(y, other, at, relu);
  }
};

// Calls `work` with what follows a convolution: for nothing with a function of its own, because
// questions in the innermost loop cost 3 % of a step.
template <typename T, typename Work>
void with_ending(const Ending<T>& ending, const Work& work) {
  if (ending.scale || ending.other || ending.relu)
    work(ending);
  else
    work([](__m512 y, std::int64_t, int) { return y; });
}

}  // namespace ktg
