// Shapes of tensors, and the refusal of those outside of which a kernel would read.
#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "maps.h"

namespace ktg {

using Shape = std::vector<std::int64_t>;

// Returns a shape as people read it, such as [2, 8, 8, 16].
inline std::string words(const Shape& shape) {
  std::string text;
  for (const std::int64_t size : shape) text += (text.empty() ? "" : ", ") + std::to_string(size);
  return "[" + text + "]";
}

// Throws std::invalid_argument, which names the tensor and its shape, unless it is as expected.
inline void require_shape(const char* name, const Shape& shape, const Shape& expected) {
  if (shape == expected) return;
  throw std::invalid_argument(std::string("The shape of ") + name + " is " + words(shape) +
                              "; this kernel needs " + words(expected) + ".");
}

// Throws as above unless a tensor has maps [images, height, width, channels], of sizes with which
// kernels count in ints.
inline void require_maps(const char* name, const Shape& shape) {
  constexpr std::int64_t kMostPixels = 1 << 27, kMostOfImage = 1 << 28;
  // Whether the product of three sizes is at least 1 and at most `most`.
  const auto fits = [&](std::size_t first, std::int64_t most) {
    for (std::size_t i = first; i < first + 3; most /= shape[i++])
      if (shape[i] < 1 || shape[i] > most) return false;
    return true;
  };
  if (shape.size() == 4 && fits(0, kMostPixels) && fits(1, kMostOfImage)) return;
  throw std::invalid_argument(std::string("The shape of ") + name + " is " + words(shape) +
                              "; this kernel needs [images, height, width, channels].");
}

// Throws as above unless a kernel computes maps of these sizes; `needs` says which it computes.
inline void require_sizes(bool computes, const Maps& m, const char* needs) {
  if (computes) return;
  throw std::invalid_argument("Maps " + words({m.images, m.height, m.width, m.inputs}) + " and " +
                              std::to_string(m.outputs) + " outputs do not fit: " + needs + ".");
}

// Whether the channels of a convolution are whole vectors, and few enough for the places of its
// filter to be ints and for its parts.
inline bool whole_vectors(const Maps& m) {
  constexpr int kMost = 2048;
  const auto fits = [](int channels) { return channels > 0 && channels % kLanes == 0 && channels <= kMost; };
  return fits(m.inputs) && fits(m.outputs);
}

}  // namespace ktg
