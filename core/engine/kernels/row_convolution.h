// A 3x3 convolution (stride 1, one pixel of zeros on every side) in bfloat16 with AVX-512, and its
// gradient for the input, which is the convolution with the filter turned.
#pragma once
#include <cstdint>

#include "maps.h"

namespace ktg {

// Writes y [images, height, width, outputs] for x [images, height, width, inputs]; channels are
// multiples of 16. `filter` is [3, 3, inputs, outputs], or `turned` [3, 3, outputs, inputs] of the
// convolution whose gradient this is; in float32, so that only its points are rounded.
void convolution(const Maps& maps, const std::uint16_t* x, const float* filter, bool turned,
                 const Ending<std::uint16_t>& ending, std::uint16_t* y);

}  // namespace ktg
