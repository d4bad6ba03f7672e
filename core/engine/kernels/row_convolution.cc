#include "row_convolution.h"

#include <algorithm>

#include "buffers.h"
#include "groups.h"
#include "parallel.h"
#include "row_tiles.h"
#include "shapes.h"

namespace ktg {
namespace {

using namespace rows;

constexpr int kTile = kPoints * kLanes;  // numbers of 16 channels of a tile
constexpr int kRun = 6;                  // tiles whose sums stay in registers
constexpr int kPairs = kLanes / 2;       // pairs of inputs in one vector

// How the points of `group` images lie in memory: [blocks of 16 inputs][rows][tiles][points][16],
// with a row of zeros above each image and below the last.
struct Layout {
  int tiles, group;
  std::size_t row, image, plane;  // numbers of a row, an image, and a block of inputs

  explicit Layout(const Maps& m)
      : tiles(tiles_of(m.width)),
        group(std::clamp(256 / (m.height * tiles), 1, 8)),
        row(static_cast<std::size_t>(tiles) * kTile),
        image((m.height + 1) * row),
        plane(group * image + row) {}
};

// Numbers of the points of a filter for 16 outputs.
std::size_t filter_size(const Maps& m) { return std::size_t{3} * kTile * m.inputs; }

// Returns the points of a turned filter: [blocks of 16 outputs][rows][pairs of inputs][points]
// [outputs][2].
Buffer<std::uint16_t> points_of(const Maps& m, const float* filter) {
  auto all = zeros<std::uint16_t>(filter_size(m) * (m.outputs / kLanes));
  const __m512i outputs = _mm512_mullo_epi32(
      _mm512_set1_epi32(m.inputs),
      _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  const auto load = [&](int tap, int i, int o) {
    return _mm512_i32gather_ps(outputs, filter + ((kTaps - 1 - tap) * m.outputs + o) * m.inputs + i,
                               sizeof(float));
  };
  parallel(m.outputs / kLanes, [&](int block) {
    std::uint16_t* to = all.get() + block * filter_size(m);
    for (int tap = 0; tap < kTaps; tap += 3)
      for (int i = 0; i < m.inputs; i += 2) {
        __m512 g[2][3], points[2][kPoints];
        for (int k = 0; k < 2; ++k) {
          for (int s = 0; s < 3; ++s) g[k][s] = load(tap + s, i + k, block * kLanes);
          transform_filter(g[k], points[k]);
        }
        for (int p = 0; p < kPoints; ++p, to += 2 * kLanes)
          _mm512_store_si512(to, paired(points[0][p], points[1][p]));
      }
  });
  return all;
}

// Writes the points of an image's rows from `to` on.
void copy_points(const Maps& m, const Layout& l, const std::uint16_t* x, std::uint16_t* to) {
  for (int y = 0; y < m.height; ++y)
    for (int c = 0; c < m.inputs; c += kLanes) {
      const std::uint16_t* from = x + static_cast<std::size_t>(y) * m.width * m.inputs + c;
      std::uint16_t* line = to + c / kLanes * l.plane + y * l.row;
      const auto write = [&](int tile, const __m512(&points)[kPoints]) {
        for (int p = 0; p < kPoints; p += 2)
          _mm512_store_si512(line + tile * kTile + p * kLanes,
                             (__m512i)_mm512_cvtne2ps_pbh(points[p + 1], points[p]));
      };
      transform_inputs(from, m.width, m.inputs,
                       [&](int pair, const auto& first, const auto& second) {
                         write(2 * pair, first);
                         if (2 * pair + 1 < l.tiles) write(2 * pair + 1, second);
                       });
    }
}

// A tile of a group of images.
struct Tile {
  const std::uint16_t* points;  // of the row above
  std::int64_t pixel;           // its first output, counted over all images
  bool inside, pair;            // whether it exists, and has a second output
};

// Visits the tiles of a group, row by row; beyond the end it repeats the last one.
class Walk {
 public:
  Walk(const Maps& m, const Layout& l, const std::uint16_t* points, int first, int images)
      : m_(m), l_(l), points_(points), line_(std::int64_t{first} * m.height),
        end_(line_ + std::int64_t{images} * m.height) {}

  bool more() const { return line_ < end_; }

  Tile next() {
    if (!more()) return {last_, 0, false, false};
    const Tile tile{points_, line_ * m_.width + 2 * column_, true, 2 * column_ + 1 < m_.width};
    last_ = points_;
    points_ += kTile;
    if (++column_ < l_.tiles) return tile;
    column_ = 0;
    ++line_;
    if (++row_ < m_.height) return tile;
    row_ = 0;
    points_ += l_.row;
    return tile;
  }

 private:
  const Maps& m_;
  const Layout& l_;
  const std::uint16_t *points_, *last_ = nullptr;
  std::int64_t line_, end_;  // rows, counted over all images
  int row_ = 0, column_ = 0;
};

// Adds up the products of all inputs for kRun tiles and 16 outputs.
inline void add_products(const Maps& m, const Layout& l, const Tile (&tiles)[kRun],
                         const std::uint16_t* filter, __m512 (&sums)[kRun][kPoints]) {
#pragma GCC unroll 6
  for (int t = 0; t < kRun; ++t)
#pragma GCC unroll 4
    for (int p = 0; p < kPoints; ++p) sums[t][p] = _mm512_setzero_ps();
  for (int row = 0; row < 3; ++row)
    for (int c = 0; c < m.inputs; c += kLanes) {
      const std::size_t at = row * l.row + c / kLanes * l.plane;
#pragma GCC unroll 8
      for (int pair = 0; pair < kPairs; ++pair)
#pragma GCC unroll 4
        for (int p = 0; p < kPoints; ++p, filter += 2 * kLanes) {
          const __m512i weights = _mm512_load_si512(filter);
#pragma GCC unroll 6
          for (int t = 0; t < kRun; ++t)
            sums[t][p] = add_pairs(sums[t][p], weights, tiles[t].points + at + p * kLanes + 2 * pair);
        }
    }
}

// Computes 16 outputs from channel `o` on for a group of images; `finish(vector, place, channel)`.
template <typename Finish>
void compute(const Maps& m, const Layout& l, Walk walk, const std::uint16_t* filter, int o,
             std::uint16_t* y, const Finish& finish) {
  while (walk.more()) {
    Tile tiles[kRun];
    for (int t = 0; t < kRun; ++t) tiles[t] = walk.next();
    __m512 s[kRun][kPoints];
    add_products(m, l, tiles, filter, s);
#pragma GCC unroll 6
    for (int t = 0; t < kRun; ++t) {
      const std::int64_t at = tiles[t].pixel * m.outputs + o, beside = at + m.outputs;
      if (!tiles[t].inside) break;
      store(y + at, finish(add(s[t][0], add(s[t][1], s[t][2])), at, o));
      if (tiles[t].pair)
        store(y + beside, finish(sub(sub(s[t][1], s[t][2]), s[t][3]), beside, o));
    }
  }
}

template <typename Finish>
void convolve(const Maps& m, const std::uint16_t* x, const float* filter, std::uint16_t* y,
              const Finish& finish) {
  require_sizes(whole_vectors(m), m, "gradients of convolutions need channels that are multiples of 16");
  const Layout l(m);
  const auto ready = points_of(m, filter);
  by_groups(m, l, x, copy_points, [&](const std::uint16_t* points, int first, int images) {
    const Walk walk(m, l, points, first, images);
    for (int o = 0; o < m.outputs; o += kLanes)
      compute(m, l, walk, ready.get() + o / kLanes * filter_size(m), o, y, finish);
  });
}

}  // namespace

void row_input_gradient(const Maps& m, const std::uint16_t* slopes, const float* filter,
                        const Ending<std::uint16_t>& ending, std::uint16_t* gradient) {
  with_ending(ending, [&](const auto& finish) { convolve(m, slopes, filter, gradient, finish); });
}

}  // namespace ktg
