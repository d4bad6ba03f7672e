// The gradient of a 3x3 filter (stride 1, one pixel of zeros on every side) in bfloat16 with AVX-512.
#pragma once
#include <cstdint>

#include "maps.h"

namespace ktg {

// Writes the gradient [3, 3, inputs, outputs] for x [images, height, width, inputs] and slopes dy
// [images, height, width, outputs]; channels are multiples of 16. Sums in an order that depends
// only on the sizes.
void row_filter_gradient(const Maps& maps, const std::uint16_t* x, const std::uint16_t* dy,
                         float* gradient);

}  // namespace ktg
