#include "winograd.h"

#include <immintrin.h>

#include <algorithm>
#include <vector>

#include "buffers.h"
#include "parallel.h"
#include "shapes.h"
#include "winograd_tiles.h"

namespace ktg {
namespace {

using namespace winograd;

constexpr int kSquare = kLanes * kLanes;
constexpr int kGroup = 2 * kLanes;  // inputs whose products are summed by one part

void require_whole_tiles(const Maps& m) {
  require_sizes(m.height % 2 == 0 && m.width % 2 == 0 && whole_vectors(m), m,
                "convolutions in float32 need an even height and width, and channels that are "
                "multiples of 16");
}

std::int64_t blocks_of(const Maps& m) {
  const std::int64_t tiles = static_cast<std::int64_t>(m.images) * (m.height / 2) * (m.width / 2);
  return (tiles + kTiles - 1) / kTiles;
}

// Returns the points of a filter: [blocks of 16 outputs][points][inputs][16].
Buffer<float> points_of(const Maps& m, const float* filter, bool turned) {
  auto all = zeros<float>(static_cast<std::size_t>(kPoints) * m.inputs * m.outputs);
  const __m512i outputs = _mm512_mullo_epi32(
      _mm512_set1_epi32(m.inputs),
      _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  const auto load = [&](int tap, int i, int o) {
    if (!turned) return _mm512_loadu_ps(filter + (tap * m.inputs + i) * m.outputs + o);
    return _mm512_i32gather_ps(outputs, filter + ((kTaps - 1 - tap) * m.outputs + o) * m.inputs + i,
                               sizeof(float));
  };
  parallel(m.outputs / kLanes, [&](int block) {
    for (int i = 0; i < m.inputs; ++i) {
      __m512 g[kTaps];
      for (int tap = 0; tap < kTaps; ++tap) g[tap] = load(tap, i, block * kLanes);
      const std::size_t at = static_cast<std::size_t>(block) * kPoints * m.inputs + i;
      transform_filter(g, all.get() + at * kLanes, static_cast<std::size_t>(m.inputs) * kLanes);
    }
  });
  return all;
}

// Writes the sums over all inputs of one point for kBlocks blocks of 16 outputs: [tile][16] each,
// kBlock numbers apart. `filter` is that of the first block, `between` the numbers to the next.
template <int kBlocks>
void multiply(int inputs, const float* points, const float* filter, std::size_t between,
              float* sums) {
  constexpr int kRows = kLanes / kBlocks;  // tiles whose sums stay in registers
  for (int first = 0; first < kTiles; first += kRows) {
    __m512 s[kRows][kBlocks];
    for (auto& row : s)
      for (__m512& sum : row) sum = _mm512_setzero_ps();
    for (int c = 0; c < inputs; c += kLanes) {
      const float* left = points + static_cast<std::size_t>(c / kLanes) * kBlock + first * kLanes;
      const float* right = filter + c * kLanes;
#pragma GCC unroll 2
      for (int i = 0; i < kLanes; ++i) {
        __m512 w[kBlocks];
#pragma GCC unroll 2
        for (int b = 0; b < kBlocks; ++b) w[b] = _mm512_load_ps(right + i * kLanes + b * between);
#pragma GCC unroll 16
        for (int t = 0; t < kRows; ++t) {
          const __m512 one = _mm512_set1_ps(left[t * kLanes + i]);
#pragma GCC unroll 2
          for (int b = 0; b < kBlocks; ++b) s[t][b] = _mm512_fmadd_ps(one, w[b], s[t][b]);
        }
      }
    }
#pragma GCC unroll 16
    for (int t = 0; t < kRows; ++t)
#pragma GCC unroll 2
      for (int b = 0; b < kBlocks; ++b)
        _mm512_store_ps(sums + b * kBlock + (first + t) * kLanes, s[t][b]);
  }
}

// Computes kBlocks blocks of 16 outputs from channel `o` on; `finish(vector, place, channel)`.
template <int kBlocks, typename Finish>
void convolve(const Maps& m, const Block& block, const float* points, const float* filter, int o,
              float* y, const Finish& finish) {
  alignas(64) float sums[kBlocks * kBlock];
  const std::size_t point = static_cast<std::size_t>(m.inputs) * kLanes;
  for (int i = 0; i < kPoints; ++i)
    multiply<kBlocks>(m.inputs, points + i * kPlane, filter + i * point, kPoints * point,
                      sums + i * kPlane);
  for (int first = o, b = 0; b < kBlocks; ++b, first += kLanes)
    transform_outputs(m, block, sums + b * kBlock, y + first,
                      [&](__m512 v, std::int64_t at) { return finish(v, at + first, first); });
}

// Computes a convolution from the points of its filter; `finish` as above.
template <typename Finish>
void convolve_all(const Maps& m, const float* x, const Buffer<float>& filter, float* y,
                  const Finish& finish) {
  const std::int64_t blocks = blocks_of(m);
  const int parts = static_cast<int>(std::min<std::int64_t>(kParts, blocks));
  const std::size_t own = static_cast<std::size_t>(kPoints) * m.inputs;
  parallel(parts, [&](int part) {
    const auto points = zeros<float>(static_cast<std::size_t>(m.inputs / kLanes) * kBlock);
    for (std::int64_t b = blocks * part / parts; b < blocks * (part + 1) / parts; ++b) {
      const Block block(m, b * kTiles);
      for (int c = 0; c < m.inputs; c += kLanes)
        transform_inputs(m, block, x + c, points.get() + c / kLanes * kBlock);
      for (int o = 0; o < m.outputs; o += 2 * kLanes) {
        const float* filters = filter.get() + o * own;
        if (o + kLanes < m.outputs)
          convolve<2>(m, block, points.get(), filters, o, y, finish);
        else
          convolve<1>(m, block, points.get(), filters, o, y, finish);
      }
    }
  });
}

// Adds the products of the points of 16 inputs and 16 slopes over a block's tiles to sums [16][16].
void add_products(const float* points, const float* slopes, float* sums) {
  __m512 s[kLanes];
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) s[i] = _mm512_load_ps(sums + i * kLanes);
  for (int t = 0; t < kTiles; ++t) {
    const __m512 slope = _mm512_load_ps(slopes + t * kLanes);
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i)
      s[i] = _mm512_fmadd_ps(_mm512_set1_ps(points[t * kLanes + i]), slope, s[i]);
  }
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) _mm512_store_ps(sums + i * kLanes, s[i]);
}

// Adds up the products of the blocks from `first` to `last` for `inputs` inputs from channel 0 of `x`
// on, as [inputs / 16][outputs / 16][points][16][16].
Buffer<float> products(const Maps& m, const float* x, int inputs, const float* dy,
                       std::int64_t first, std::int64_t last) {
  const int ins = inputs / kLanes, outs = m.outputs / kLanes;
  auto sums = zeros<float>(static_cast<std::size_t>(kPoints) * inputs * m.outputs);
  const auto points = zeros<float>(static_cast<std::size_t>(ins) * kBlock);
  const auto slopes = zeros<float>(static_cast<std::size_t>(outs) * kBlock);
  for (std::int64_t b = first; b < last; ++b) {
    const Block block(m, b * kTiles);
    for (int i = 0; i < ins; ++i)
      transform_inputs(m, block, x + i * kLanes, points.get() + i * kBlock);
    for (int o = 0; o < outs; ++o)
      transform_slopes(m, block, dy + o * kLanes, slopes.get() + o * kBlock);
    float* to = sums.get();
    for (int i = 0; i < ins; ++i)
      for (int o = 0; o < outs; ++o)
        for (int p = 0; p < kPoints; ++p, to += kSquare)
          add_products(points.get() + i * kBlock + p * kPlane,
                       slopes.get() + o * kBlock + p * kPlane, to);
  }
  return sums;
}

}  // namespace

void convolution(const Maps& m, const float* x, const float* filter, bool turned,
                 const Ending<float>& ending, float* y) {
  require_whole_tiles(m);
  const auto points = points_of(m, filter, turned);
  with_ending(ending, [&](const auto& finish) { convolve_all(m, x, points, y, finish); });
}

void filter_gradient(const Maps& m, const float* x, const float* dy, float* gradient) {
  require_whole_tiles(m);
  const std::int64_t blocks = blocks_of(m);
  const std::size_t bytes = sizeof(float) * kPoints * m.inputs * m.outputs;
  const int parts = static_cast<int>(std::min<std::int64_t>(sums_of(bytes, 2), blocks));
  const int groups = (m.inputs + kGroup - 1) / kGroup;
  std::vector<Buffer<float>> sums(parts * groups);
  parallel(parts * groups, [&](int own) {
    const int part = own % parts, input = own / parts * kGroup;
    sums[own] = products(m, x + input, std::min(kGroup, m.inputs - input), dy,
                         blocks * part / parts, blocks * (part + 1) / parts);
  });
  const int outs = m.outputs / kLanes;
  parallel(m.inputs / kLanes * outs, [&](int square) {
    const int o = square % outs * kLanes, block = square / outs * kLanes;
    const Buffer<float>* group = &sums[block / kGroup * parts];
    for (int i = 0; i < kLanes; ++i) {
      __m512 w[kPoints], g[kTaps];
      for (int p = 0; p < kPoints; ++p) {
        const std::size_t within = square - block / kGroup * (kGroup / kLanes) * outs;
        const std::size_t at = (within * kPoints + p) * kSquare + i * kLanes;
        w[p] = _mm512_load_ps(group[0].get() + at);
        for (int part = 1; part < parts; ++part)
          w[p] = add(w[p], _mm512_load_ps(group[part].get() + at));
      }
      filter_of(w, g);
      for (int tap = 0; tap < kTaps; ++tap)
        _mm512_storeu_ps(gradient + (tap * m.inputs + block + i) * m.outputs + o, g[tap]);
    }
  });
}

}  // namespace ktg
