// Products of pairs of inputs, without a transform: roundings of transformed inputs would be carried
// from layer to layer, unlike those of gradients of filters.
#include "direct_convolution.h"

#include <algorithm>

#include "buffers.h"
#include "groups.h"
#include "pairs.h"
#include "parallel.h"
#include "shapes.h"

namespace ktg {
namespace {

constexpr int kPixels = 8;          // pixels of a row, side by side, in one segment
constexpr int kRun = 3;             // segments whose sums stay in registers
constexpr int kPairs = kLanes / 2;  // pairs of inputs in one vector

// How copies of `group` images lie in memory: [blocks of 16 inputs][rows][pixels][16], with a row of
// zeros above each image and below the last, and a pixel of zeros before and behind each row.
struct Layout {
  int segments, group;
  std::size_t row, image, plane;  // numbers of a row, an image, and a block of inputs

  explicit Layout(const Maps& m)
      : segments((m.width + kPixels - 1) / kPixels),
        group(std::clamp(1024 / (m.height * m.width), 1, 8)),
        row(static_cast<std::size_t>(segments * kPixels + 2) * kLanes),
        image((m.height + 1) * row),
        plane(group * image + row) {}
};

// Numbers of the filter of 16 outputs.
std::size_t filter_size(const Maps& m) {
  return static_cast<std::size_t>(kTaps) * m.inputs * kLanes;
}

// Returns the filter as [blocks of 16 outputs][taps][pairs of inputs][outputs][2].
Buffer<std::uint16_t> packed(const Maps& m, const float* filter) {
  auto all = zeros<std::uint16_t>(filter_size(m) * (m.outputs / kLanes));
  parallel(m.outputs / kLanes, [&](int block) {
    std::uint16_t* to = all.get() + block * filter_size(m);
    const float* from = filter + block * kLanes;
    for (int i = 0; i < kTaps * m.inputs; i += 2, from += 2 * m.outputs, to += 2 * kLanes)
      _mm512_store_si512(to, paired(load(from), load(from + m.outputs)));
  });
  return all;
}

// Copies an image, whose first row begins at `to`.
void copy_image(const Maps& m, const Layout& l, const std::uint16_t* x, std::uint16_t* to) {
  for (int y = 0; y < m.height; ++y)
    for (int column = 0; column < m.width; ++column)
      for (int c = 0; c < m.inputs; c += kLanes, x += kLanes)
        _mm256_store_si256(
            (__m256i*)(to + c / kLanes * l.plane + y * l.row + (column + 1) * kLanes),
            _mm256_loadu_si256((const __m256i*)x));
}

// A segment of a group of images.
struct Segment {
  const std::uint16_t* copy;  // of the pixel above and before its first
  std::int64_t pixel;         // its first, counted over all images
  int pixels;                 // 0 beyond the end
};

// Visits the segments of a group, row by row; beyond the end it repeats the last one.
class Walk {
 public:
  Walk(const Maps& m, const Layout& l, const std::uint16_t* copy, int first, int images)
      : m_(m), l_(l), copy_(copy), line_(std::int64_t{first} * m.height),
        end_(line_ + std::int64_t{images} * m.height) {}

  bool more() const { return line_ < end_; }

  Segment next() {
    if (!more()) return {last_, 0, 0};
    last_ = copy_ + column_ * kLanes;
    const Segment segment{last_, line_ * m_.width + column_,
                          std::min(kPixels, m_.width - column_)};
    column_ += kPixels;
    if (column_ < m_.width) return segment;
    column_ = 0;
    ++line_;
    copy_ += l_.row;
    if (++row_ < m_.height) return segment;
    row_ = 0;
    copy_ += l_.row;
    return segment;
  }

 private:
  const Maps& m_;
  const Layout& l_;
  const std::uint16_t *copy_, *last_ = nullptr;  // of a row
  std::int64_t line_, end_;                      // rows, counted over all images
  int row_ = 0, column_ = 0;
};

// Adds up the products of all inputs for kRun segments and 16 outputs.
inline void add_products(const Maps& m, const Layout& l, const Segment (&segments)[kRun],
                         const std::uint16_t* filter, __m512 (&sums)[kRun][kPixels]) {
#pragma GCC unroll 3
  for (int s = 0; s < kRun; ++s)
#pragma GCC unroll 8
    for (int p = 0; p < kPixels; ++p) sums[s][p] = _mm512_setzero_ps();
  for (int tap = 0; tap < kTaps; ++tap)
    for (int c = 0; c < m.inputs; c += kLanes) {
      const std::size_t at = tap / 3 * l.row + tap % 3 * kLanes + c / kLanes * l.plane;
#pragma GCC unroll 8
      for (int pair = 0; pair < kPairs; ++pair, filter += 2 * kLanes) {
        const __m512i weights = _mm512_load_si512(filter);
#pragma GCC unroll 3
        for (int s = 0; s < kRun; ++s)
#pragma GCC unroll 8
          for (int p = 0; p < kPixels; ++p)
            sums[s][p] = add_pairs(sums[s][p], weights,
                                   segments[s].copy + at + p * kLanes + 2 * pair);
      }
    }
}

// Computes 16 outputs from channel `o` on for a group of images; `finish(vector, place, channel)`.
template <typename Finish>
void compute(const Maps& m, const Layout& l, Walk walk, const std::uint16_t* filter, int o,
             std::uint16_t* y, const Finish& finish) {
  while (walk.more()) {
    Segment segments[kRun];
    for (int s = 0; s < kRun; ++s) segments[s] = walk.next();
    __m512 sums[kRun][kPixels];
    add_products(m, l, segments, filter, sums);
#pragma GCC unroll 3
    for (int s = 0; s < kRun; ++s)
#pragma GCC unroll 8
      for (int p = 0; p < kPixels; ++p) {
        if (p >= segments[s].pixels) break;
        const std::int64_t at = (segments[s].pixel + p) * m.outputs + o;
        store(y + at, finish(sums[s][p], at, o));
      }
  }
}

template <typename Finish>
void convolve(const Maps& m, const std::uint16_t* x, const float* filter, std::uint16_t* y,
              const Finish& finish) {
  require_sizes(whole_vectors(m), m, "convolutions need channels that are multiples of 16");
  const Layout l(m);
  const auto ready = packed(m, filter);
  by_groups(m, l, x, copy_image, [&](const std::uint16_t* copy, int first, int images) {
    const Walk walk(m, l, copy, first, images);
    for (int o = 0; o < m.outputs; o += kLanes)
      compute(m, l, walk, ready.get() + o / kLanes * filter_size(m), o, y, finish);
  });
}

}  // namespace

void direct_convolution(const Maps& m, const std::uint16_t* x, const float* filter,
                        const Ending<std::uint16_t>& ending, std::uint16_t* y) {
  with_ending(ending, [&](const auto& finish) { convolve(m, x, filter, y, finish); });
}

}  // namespace ktg
