// How bfloat16 convolutions without tiles go through a batch: in groups of a few images, whose
// inputs are laid out anew and stay in the cache while all outputs are computed from them.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "buffers.h"
#include "maps.h"
#include "parallel.h"

namespace ktg {

// Calls `lay_out(maps, layout, image, to)` for each image of a group and then
// `compute(inputs, first image, images)`; places that nothing is written to stay zero.
template <typename Layout, typename LayOut, typename Compute>
void by_groups(const Maps& m, const Layout& l, const std::uint16_t* x, const LayOut& lay_out,
               const Compute& compute) {
  const std::size_t image = static_cast<std::size_t>(m.height) * m.width * m.inputs;
  const int groups = (m.images + l.group - 1) / l.group, parts = std::min(kParts, groups);
  parallel(parts, [&](int part) {
    const auto inputs = zeros<std::uint16_t>(l.plane * (m.inputs / kLanes));
    for (int g = groups * part / parts; g < groups * (part + 1) / parts; ++g) {
      const int first = g * l.group, images = std::min(l.group, m.images - first);
      for (int n = 0; n < images; ++n)
        lay_out(m, l, x + (first + n) * image, inputs.get() + n * l.image + l.row);
      compute(inputs.get(), first, images);
    }
  });
}

}  // namespace ktg
