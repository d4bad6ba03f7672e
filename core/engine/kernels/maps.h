// Sizes that all kernels of convolutions share.
#pragma once

namespace ktg {

// Sizes of x [images, height, width, inputs] and of maps [images, height, width, outputs].
struct Maps {
  int images, height, width, inputs, outputs;
};

}  // namespace ktg
