// The convolution with AMX: products of tiles of 16 pixels x 32 numbers and 32 numbers x 16
// outputs. Images are copied with zeros between their rows and between each other. So the inputs of
// 16 pixels for a tap are one run in memory, and the tap only shifts its start.
#include "tile_convolution.h"

#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "buffers.h"
#include "parallel.h"
#include "shapes.h"
#include "tiles.h"

namespace ktg {
namespace {

constexpr int kPixels = 2 * kSide;  // pixels whose outputs are summed together
constexpr int kProduct = 2 * kSide * kSide;  // numbers in a tile of a filter

// 16 inputs of a tap.
struct Half {
  int tap, input;  // tap -1: nothing
};

// One product: 32 numbers that lie side by side in the copy of x.
struct Product {
  int start;  // in the copy, from the pixel on
  Half low, high;
};

// How copies of `group` images lie in memory. A zero ends each row and begins the next one.
struct Layout {
  int stride, image, group, run, room;
  std::vector<Product> products;

  explicit Layout(const Maps& m)
      : stride(m.width + 1),
        image((m.height + 1) * stride),
        group(std::clamp(256 / image, 1, 4)),
        run((group * image - stride + kPixels - 1) / kPixels * kPixels),
        room(run + 2 * stride + 4) {
    for (int tap = 0; tap < kTaps; ++tap) {
      const int start = (tap / 3 * stride + tap % 3) * m.inputs;
      for (int c = 0; c < m.inputs && m.inputs > kSide; c += 2 * kSide)
        products.push_back({start + c, {tap, c}, {tap, c + kSide}});
      // 16 inputs: the next tap of a row lies behind the first one; nothing behind the third one.
      if (m.inputs == kSide && tap % 3 == 0) products.push_back({start, {tap, 0}, {tap + 1, 0}});
      if (m.inputs == kSide && tap % 3 == 2) products.push_back({start, {tap, 0}, {-1, 0}});
    }
  }
  // Place of the first pixel of a row of an image in the copy.
  int place(int n, int y) const { return n * image + (y + 1) * stride + 1; }
};

// Returns the filter as [blocks of 16 outputs][products][pairs of inputs][outputs][2].
Buffer<std::uint16_t> packed(const Maps& m, const Layout& l, const std::uint16_t* filter,
                             bool turned) {
  auto all = zeros<std::uint16_t>(m.outputs / kSide * l.products.size() * kProduct);
  std::uint16_t* to = all.get();
  for (int o = 0; o < m.outputs; o += kSide)
    for (const Product& product : l.products) {
      for (const Half& half : {product.low, product.high}) {
        if (half.tap >= 0 && !turned)
          for (int i = 0; i < kSide; i += 2) {
            const std::uint16_t* from =
                filter + (half.tap * m.inputs + half.input + i) * m.outputs + o;
            _mm512_storeu_si512(to + kSide * i, side_by_side(from, from + m.outputs));
          }
        if (half.tap >= 0 && turned) {
          __m512i v[kSide];
          for (int i = 0; i < kSide; ++i) {
            const std::size_t at = (kTaps - 1 - half.tap) * m.outputs + o + i;
            v[i] = _mm512_castsi256_si512(
                _mm256_loadu_si256((const __m256i*)(filter + at * m.inputs + half.input)));
          }
          transpose(v);
          for (int i = 0; i < kSide / 2; ++i) _mm512_storeu_si512(to + 2 * kSide * i, v[i]);
        }
        to += kProduct / 2;
      }
    }
  return all;
}

// Sums all products for 32 pixels from `x` on and kBlocks blocks of outputs: [32][kBlocks * 16].
template <int kBlocks>
void add_products(const Layout& l, int inputs, const std::uint16_t* x, const std::uint16_t* filter,
                  float* sums) {
  const std::size_t pixel = inputs * sizeof(std::uint16_t);
  const std::uint16_t* second = filter + l.products.size() * kProduct;
  _tile_zero(0);
  _tile_zero(2);
  if constexpr (kBlocks == 2) {
    _tile_zero(1);
    _tile_zero(3);
  }
  for (const Product& product : l.products) {
    _tile_loadd(4, x + product.start, pixel);
    _tile_loadd(5, x + product.start + kSide * inputs, pixel);
    _tile_loadd(6, filter, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(2, 5, 6);
    filter += kProduct;
    if constexpr (kBlocks == 2) {
      _tile_loadd(7, second, 64);
      _tile_dpbf16ps(1, 4, 7);
      _tile_dpbf16ps(3, 5, 7);
      second += kProduct;
    }
  }
  constexpr int kRow = kBlocks * kSide;
  _tile_stored(0, sums, kRow * sizeof(float));
  _tile_stored(2, sums + kSide * kRow, kRow * sizeof(float));
  if constexpr (kBlocks == 2) {
    _tile_stored(1, sums + kSide, kRow * sizeof(float));
    _tile_stored(3, sums + kSide * kRow + kSide, kRow * sizeof(float));
  }
}

// Where 32 pixels of a copy of images begin, and their images.
struct Run {
  const std::uint16_t* copy;
  int first, images, from;  // first image, number of images, first pixel of the copy
};

// Computes kBlocks blocks of 16 outputs from channel `o` on for a run. The 16 numbers of a pixel
// become `finish(sums, place, channel)`; places count from channel 0 of the first image on.
template <int kBlocks, typename Finish>
void compute(const Maps& m, const Layout& l, const Run& run, const std::uint16_t* filter, int o,
             std::uint16_t* y, const Finish& finish) {
  constexpr int kRow = kBlocks * kSide;
  alignas(64) float sums[kPixels * kRow];
  const std::uint16_t* x = run.copy + static_cast<std::size_t>(run.from) * m.inputs;
  add_products<kBlocks>(l, m.inputs, x, filter, sums);
  int n = run.from / l.image, row = run.from % l.image / l.stride, column = run.from % l.stride;
  for (int p = 0; p < kPixels && n < run.images; ++p) {
    if (row < m.height && column < m.width) {
      const std::size_t line = static_cast<std::size_t>(run.first + n) * m.height + row;
      for (int c = o, b = 0; b < kBlocks; ++b, c += kSide) {
        const std::size_t at = (line * m.width + column) * m.outputs + c;
        store(y + at, finish(_mm512_load_ps(sums + p * kRow + b * kSide), at, c));
      }
    }
    if (++column < l.stride) continue;
    column = 0;
    if (++row <= m.height) continue;
    row = 0;
    ++n;
  }
}

// Copies a run of images with their zeros.
void copy_images(const Maps& m, const Layout& l, const std::uint16_t* x, const Run& run,
                 std::uint16_t* copy) {
  const std::size_t row = static_cast<std::size_t>(m.width) * m.inputs;
  for (int n = 0; n < run.images; ++n)
    for (int h = 0; h < m.height; ++h)
      std::memcpy(copy + static_cast<std::size_t>(l.place(n, h)) * m.inputs,
                  x + (static_cast<std::size_t>(run.first + n) * m.height + h) * row, row * sizeof(std::uint16_t));
}

template <typename Finish>
void convolve(const Maps& m, const std::uint16_t* x, const std::uint16_t* filter, bool turned,
              std::uint16_t* y, const Finish& finish) {
  require_sizes(whole_vectors(m) && (m.inputs == kSide || m.inputs % (2 * kSide) == 0), m,
                "convolutions in bfloat16 need 16 inputs or a multiple of 32, and outputs that are "
                "a multiple of 16");
  require_tiles();
  const Layout l(m);
  const auto ready = packed(m, l, filter, turned);
  const std::size_t block = l.products.size() * kProduct;
  const int groups = (m.images + l.group - 1) / l.group, parts = std::min(kParts, groups);
  parallel(parts, [&](int part) {
    auto copy = zeros<std::uint16_t>(static_cast<std::size_t>(l.room) * m.inputs);
    const TileShapes shapes;
    _tile_loadconfig(&shapes);
    for (int g = groups * part / parts; g < groups * (part + 1) / parts; ++g) {
      const int first = g * l.group;
      Run run{copy.get(), first, std::min(l.group, m.images - first), 0};
      copy_images(m, l, x, run, copy.get());
      for (; run.from < l.run && run.from < run.images * l.image; run.from += kPixels)
        for (int o = 0; o < m.outputs; o += 2 * kSide) {
          const std::uint16_t* own = ready.get() + o / kSide * block;
          if (o + kSide < m.outputs)
            compute<2>(m, l, run, own, o, y, finish);
          else
            compute<1>(m, l, run, own, o, y, finish);
        }
    }
    _tile_release();
  });
}

}  // namespace

void convolution(const Maps& m, const std::uint16_t* x, const std::uint16_t* filter, bool turned,
                 const Ending<std::uint16_t>& ending, std::uint16_t* y) {
  with_ending(ending, [&](const auto& finish) { convolve(m, x, filter, turned, y, finish); });
}

}  // namespace ktg
