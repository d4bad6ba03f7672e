// 3x3 convolutions in bfloat16 with AVX-512, and their gradients for the input, as the kernels of
// other types and instructions are called.
#pragma once
#include "direct_convolution.h"
#include "row_convolution.h"

namespace ktg {

inline void convolution(const Maps& maps, const std::uint16_t* x, const float* filter, bool turned,
                        const Ending<std::uint16_t>& ending, std::uint16_t* y) {
  if (turned)
    row_input_gradient(maps, x, filter, ending, y);
  else
    direct_convolution(maps, x, filter, ending, y);
}

}  // namespace ktg
