// Both maps become points whose pairs of tiles lie side by side, because an instruction adds up the
// products of two tiles. A row of a filter only shifts the rows of x.
#include "row_gradient.h"

#include <algorithm>
#include <vector>

#include "buffers.h"
#include "parallel.h"
#include "row_tiles.h"
#include "shapes.h"

namespace ktg {
namespace {

using namespace rows;

constexpr int kPair = 2 * kLanes;          // numbers of 16 channels of two tiles
constexpr int kInputs = 8;                 // inputs whose sums stay in registers, for 3 rows
constexpr int kSums = 3 * kInputs * kLanes;  // numbers in those registers
constexpr int kOutputs = 32;               // most outputs in one task

// How the points of `group` images lie in memory: [blocks of 16 channels][points][rows][pairs of
// tiles][16][2], with a row of zeros above each image and below the last; slopes leave them out.
struct Layout {
  int pairs, group;
  std::size_t row, plane;

  explicit Layout(const Maps& m)
      : pairs(pairs_of(m.width)),
        group(std::clamp(256 / (m.height * pairs), 1, 8)),
        row(static_cast<std::size_t>(pairs) * kPair),
        plane((group * (m.height + 1) + 1) * row) {}
};

// Images and outputs of one task.
struct Task {
  int first, last, output, outputs;
};

// Returns a function that writes the points of pairs of tiles from `to` on, `plane` numbers apart.
auto writer(std::uint16_t* to, std::size_t plane) {
  return [=](int pair, const __m512(&first)[kPoints], const __m512(&second)[kPoints]) {
    for (int p = 0; p < kPoints; ++p)
      _mm512_store_si512(to + p * plane + pair * kPair, paired(first[p], second[p]));
  };
}

// Adds the products of 8 inputs and 16 outputs at one point, over `count` pairs of tiles.
void add_products(const Layout& l, const std::uint16_t* x, const std::uint16_t* slopes, int count,
                  __m512 (&sums)[3][kInputs]) {
  for (int k = 0; k < count; ++k) {
    const __m512i slope = _mm512_load_si512(slopes + k * kPair);
#pragma GCC unroll 3
    for (int r = 0; r < 3; ++r)
#pragma GCC unroll 8
      for (int i = 0; i < kInputs; ++i)
        sums[r][i] = add_pairs(sums[r][i], slope, x + r * l.row + k * kPair + 2 * i);
  }
}

// Adds the products of a group of images to `to`, for 8 inputs and 16 outputs: [3][8][16].
void add_images(const Maps& m, const Layout& l, int images, const std::uint16_t* x,
                const std::uint16_t* slopes, float* to) {
  __m512 sums[3][kInputs];
#pragma GCC unroll 3
  for (int r = 0; r < 3; ++r)
#pragma GCC unroll 8
    for (int i = 0; i < kInputs; ++i) sums[r][i] = _mm512_load_ps(to + (r * kInputs + i) * kLanes);
  for (int n = 0; n < images; ++n) {
    const std::size_t at = n * (m.height + 1) * l.row;
    add_products(l, x + at, slopes + at, m.height * l.pairs, sums);
  }
#pragma GCC unroll 3
  for (int r = 0; r < 3; ++r)
#pragma GCC unroll 8
    for (int i = 0; i < kInputs; ++i) _mm512_store_ps(to + (r * kInputs + i) * kLanes, sums[r][i]);
}

// Numbers in the sums of 16 outputs: [inputs / 8][points][3][8][16].
std::size_t sums_size(const Maps& m) {
  return static_cast<std::size_t>(m.inputs / kInputs) * kPoints * kSums;
}

// Returns the sums of a task: [outputs / 16] as above.
Buffer<float> products(const Maps& m, const Layout& l, const Task& task, const std::uint16_t* x,
                       const std::uint16_t* dy) {
  const std::size_t block = kPoints * l.plane;
  const auto inputs = zeros<std::uint16_t>(m.inputs / kLanes * block);
  const auto slopes = zeros<std::uint16_t>(task.outputs / kLanes * block);
  auto sums = zeros<float>(task.outputs / kLanes * sums_size(m));
  for (int first = task.first; first < task.last; first += l.group) {
    const int images = std::min(l.group, task.last - first);
    for (int n = 0; n < images; ++n)
      for (int y = 0; y < m.height; ++y) {
        const std::int64_t pixel = (std::int64_t{first + n} * m.height + y) * m.width;
        const std::size_t to = (n * (m.height + 1) + y) * l.row;
        for (int c = 0; c < m.inputs; c += kLanes)
          transform_inputs(x + pixel * m.inputs + c, m.width, m.inputs,
                           writer(inputs.get() + c / kLanes * block + to + l.row, l.plane));
        for (int c = 0; c < task.outputs; c += kLanes)
          transform_slopes(dy + pixel * m.outputs + task.output + c, m.width, m.outputs,
                           writer(slopes.get() + c / kLanes * block + to, l.plane));
      }
    float* to = sums.get();
    for (int o = 0; o < task.outputs; o += kLanes)
      for (int i = 0; i < m.inputs; i += kInputs)
        for (int p = 0; p < kPoints; ++p, to += kSums)
          add_images(m, l, images,
                     inputs.get() + i / kLanes * block + p * l.plane + i % kLanes * 2,
                     slopes.get() + o / kLanes * block + p * l.plane, to);
  }
  return sums;
}

}  // namespace

void row_filter_gradient(const Maps& m, const std::uint16_t* x, const std::uint16_t* dy,
                         float* gradient) {
  require_sizes(whole_vectors(m), m, "gradients of filters need channels that are multiples of 16");
  const Layout l(m);
  const int columns = (m.outputs + kOutputs - 1) / kOutputs;
  const int parts = std::clamp(kParts / columns, 1, m.images);
  std::vector<Buffer<float>> sums(static_cast<std::size_t>(columns) * parts);
  parallel(columns * parts, [&](int index) {
    const int part = index / columns, output = index % columns * kOutputs;
    const Task task{m.images * part / parts, m.images * (part + 1) / parts, output,
                    std::min(kOutputs, m.outputs - output)};
    sums[index] = products(m, l, task, x, dy);
  });
  parallel(m.outputs / kLanes, [&](int block) {
    const int column = block * kLanes / kOutputs, within = block % (kOutputs / kLanes);
    for (int i = 0; i < m.inputs; ++i)
      for (int r = 0; r < 3; ++r) {
        __m512 w[kPoints], g[3];
        for (int p = 0; p < kPoints; ++p) {
          const std::size_t at = within * sums_size(m) +
                                 (i / kInputs * kPoints + p) * std::size_t{kSums} +
                                 (r * kInputs + i % kInputs) * kLanes;
          w[p] = _mm512_load_ps(sums[column].get() + at);
          for (int part = 1; part < parts; ++part)
            w[p] = add(w[p], _mm512_load_ps(sums[part * columns + column].get() + at));
        }
        filter_of(w, g);
        for (int s = 0; s < 3; ++s)
          _mm512_storeu_ps(gradient + ((3 * r + s) * m.inputs + i) * m.outputs + block * kLanes,
                           g[s]);
      }
  });
}

}  // namespace ktg
