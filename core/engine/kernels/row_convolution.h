// The gradient of a 3x3 convolution (stride 1, one pixel of zeros on every side) for its input, in
// bfloat16 with AVX-512.
#pragma once
#include <cstdint>

#include "maps.h"

namespace ktg {

// Writes the gradient [images, height, width, outputs] for slopes [images, height, width, inputs]
// and the filter [3, 3, outputs, inputs] of the convolution; channels are multiples of 16. The
// filter is in float32, so that only its points are rounded.
void row_input_gradient(const Maps& maps, const std::uint16_t* slopes, const float* filter,
                        const Ending<std::uint16_t>& ending, std::uint16_t* gradient);

}  // namespace ktg
