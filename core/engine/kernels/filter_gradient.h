// Gradient of a 3x3 convolution (stride 1, one pixel of zeros on every side) for its filter, in
// bfloat16 with the processor's tiles (AMX).
#pragma once
#include <cstdint>

#include "maps.h"

namespace ktg {

// Channels are multiples of 16, the width is even, and the pixels of an image a multiple of 32.
// Writes the gradient [3, 3, inputs, outputs] in float32. Sums in an order that depends only on
// the sizes.
void filter_gradient(const Maps& maps, const std::uint16_t* x, const std::uint16_t* dy,
                     float* gradient);

}  // namespace ktg
