// A 3x3 convolution (stride 1, one pixel of zeros on every side) in bfloat16 with AVX-512.
#pragma once
#include <cstdint>

#include "maps.h"

namespace ktg {

// Writes y [images, height, width, outputs] for x [images, height, width, inputs] and a filter
// [3, 3, inputs, outputs], which is rounded to bfloat16; channels are multiples of 16.
void direct_convolution(const Maps& maps, const std::uint16_t* x, const float* filter,
                        const Ending<std::uint16_t>& ending, std::uint16_t* y);

}  // namespace ktg
