// 3x3 convolutions (stride 1, one pixel of zeros on every side) in float32 and their gradients, by
// the minimal algorithm F(2x2, 3x3) of Winograd (Lavin and Gray 2015, arXiv:1509.09308): 2x2
// outputs take 16 products of numbers for each input channel instead of 36. Height and width are
// even, channels multiples of 16.
#pragma once
#include "maps.h"

namespace ktg {

// Writes y [images, height, width, outputs] for x [images, height, width, inputs]. `filter` is
// [3, 3, inputs, outputs], or `turned` [3, 3, outputs, inputs] of the convolution whose gradient
// for its input this is.
void convolution(const Maps& maps, const float* x, const float* filter, bool turned,
                 const Ending<float>& ending, float* y);

// Writes the gradient [3, 3, inputs, outputs] of the filter. Sums in an order that depends only on
// the sizes.
void filter_gradient(const Maps& maps, const float* x, const float* dy, float* gradient);

}  // namespace ktg
