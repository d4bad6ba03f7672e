// Tiles of 4x4 pixels that overlap by two, and the transforms of Winograd's F(2x2, 3x3) for 16
// channels at once: points = B^T d B for inputs d, A s A^T for slopes s of outputs, G g G^T for
// filters g; outputs = A^T points A.
#pragma once
#include <immintrin.h>

#include <algorithm>
#include <cstdint>

#include "maps.h"

namespace ktg::winograd {

constexpr int kPoints = 16;  // numbers of a transformed tile
constexpr int kTiles = 16;   // tiles in one block
constexpr int kPlane = kTiles * kLanes;   // numbers from one point to the next
constexpr int kBlock = kPoints * kPlane;  // numbers of 16 channels of a block

inline __m512 add(__m512 a, __m512 b) { return _mm512_add_ps(a, b); }
inline __m512 sub(__m512 a, __m512 b) { return _mm512_sub_ps(a, b); }
inline __m512 half(__m512 a) { return _mm512_mul_ps(_mm512_set1_ps(0.5f), a); }

// Place of the 2x2 outputs of a tile: their first row, counted over all images, and column. Masks
// are set where the row above them, and so on, is in the image; `inside` where there is a tile. What
// is not there has the place of the first tile, so that every pointer is one into the maps.
struct Tile {
  std::int64_t row, column;
  __mmask16 above, below, left, right, inside;
};

// The tiles from `first` on.
struct Block {
  Tile tiles[kTiles];

  Block(const Maps& m, std::int64_t first) {
    const int across = m.width / 2, down = m.height / 2;
    const std::int64_t end = static_cast<std::int64_t>(m.images) * down * across;
    for (int t = 0; t < kTiles; ++t) {
      const bool exists = first + t < end;
      const std::int64_t at = exists ? first + t : 0;
      const std::int64_t line = at / across, column = at % across, row = line % down;
      const auto when = [&](bool is) { return static_cast<__mmask16>(is && exists ? 0xffff : 0); };
      tiles[t] = {2 * line,         2 * column,
                  when(row > 0),    when(row + 1 < down),
                  when(column > 0), when(column + 1 < across),
                  when(true)};
    }
  }
};

// Writes the points [point][tile][16] of 16 inputs from channel 0 of `x` on.
inline void transform_inputs(const Maps& m, const Block& block, const float* x, float* to) {
  const std::int64_t inputs = m.inputs, row = m.width * inputs;
  for (const Tile& tile : block.tiles) {
    const float* from = x + tile.row * row + tile.column * inputs;
    const __mmask16 rows[4] = {tile.above, tile.inside, tile.inside, tile.below};
    const __mmask16 columns[4] = {tile.left, tile.inside, tile.inside, tile.right};
    const std::int64_t down[4] = {tile.above ? -row : 0, 0, row, tile.below ? 2 * row : 0};
    const std::int64_t across[4] = {tile.left ? -inputs : 0, 0, inputs,
                                    tile.right ? 2 * inputs : 0};
    __m512 v[4][4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      __m512 d[4];
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i)
        d[i] = _mm512_maskz_loadu_ps(rows[i] & columns[j], from + down[i] + across[j]);
      v[0][j] = sub(d[0], d[2]);
      v[1][j] = add(d[1], d[2]);
      v[2][j] = sub(d[2], d[1]);
      v[3][j] = sub(d[1], d[3]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      _mm512_store_ps(to + (4 * i + 0) * kPlane, sub(v[i][0], v[i][2]));
      _mm512_store_ps(to + (4 * i + 1) * kPlane, add(v[i][1], v[i][2]));
      _mm512_store_ps(to + (4 * i + 2) * kPlane, sub(v[i][2], v[i][1]));
      _mm512_store_ps(to + (4 * i + 3) * kPlane, sub(v[i][1], v[i][3]));
    }
    to += kLanes;
  }
}

// Writes the points [point][tile][16] of the slopes of 16 outputs from channel 0 of `dy` on.
inline void transform_slopes(const Maps& m, const Block& block, const float* dy, float* to) {
  const std::int64_t row = static_cast<std::int64_t>(m.width) * m.outputs;
  const __m512 zero = _mm512_setzero_ps();
  for (const Tile& tile : block.tiles) {
    const float* from = dy + tile.row * row + tile.column * m.outputs;
    __m512 v[4][2];
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j) {
      const __m512 a = _mm512_maskz_loadu_ps(tile.inside, from + j * m.outputs);
      const __m512 b = _mm512_maskz_loadu_ps(tile.inside, from + row + j * m.outputs);
      v[0][j] = a;
      v[1][j] = add(a, b);
      v[2][j] = sub(a, b);
      v[3][j] = sub(zero, b);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      _mm512_store_ps(to + (4 * i + 0) * kPlane, v[i][0]);
      _mm512_store_ps(to + (4 * i + 1) * kPlane, add(v[i][0], v[i][1]));
      _mm512_store_ps(to + (4 * i + 2) * kPlane, sub(v[i][0], v[i][1]));
      _mm512_store_ps(to + (4 * i + 3) * kPlane, sub(zero, v[i][1]));
    }
    to += kLanes;
  }
}

// Writes 16 outputs from channel 0 of `y` on for their points [point][tile][16]. A vector becomes
// `finish(vector, its place from channel 0 on)` where its tile exists.
template <typename Finish>
void transform_outputs(const Maps& m, const Block& block, const float* points, float* y,
                       const Finish& finish) {
  const std::int64_t row = static_cast<std::int64_t>(m.width) * m.outputs;
  for (const Tile& tile : block.tiles) {
    __m512 v[2][4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      __m512 s[4];
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) s[i] = _mm512_load_ps(points + (4 * i + j) * kPlane);
      v[0][j] = add(s[0], add(s[1], s[2]));
      v[1][j] = sub(sub(s[1], s[2]), s[3]);
    }
    const auto store = [&](std::int64_t at, __m512 value) {
      if (tile.inside) _mm512_storeu_ps(y + at, finish(value, at));
    };
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i) {
      const std::int64_t at = (tile.row + i) * row + tile.column * m.outputs;
      store(at, add(v[i][0], add(v[i][1], v[i][2])));
      store(at + m.outputs, sub(sub(v[i][1], v[i][2]), v[i][3]));
    }
    points += kLanes;
  }
}

// Writes the points of a filter of 16 outputs, `next` numbers apart.
inline void transform_filter(const __m512 (&g)[9], float* to, std::size_t next) {
  __m512 v[4][3];
#pragma GCC unroll 3
  for (int j = 0; j < 3; ++j) {
    const __m512 outer = add(g[j], g[6 + j]);
    v[0][j] = g[j];
    v[1][j] = half(add(outer, g[3 + j]));
    v[2][j] = half(sub(outer, g[3 + j]));
    v[3][j] = g[6 + j];
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const __m512 outer = add(v[i][0], v[i][2]);
    _mm512_store_ps(to + (4 * i + 0) * next, v[i][0]);
    _mm512_store_ps(to + (4 * i + 1) * next, half(add(outer, v[i][1])));
    _mm512_store_ps(to + (4 * i + 2) * next, half(sub(outer, v[i][1])));
    _mm512_store_ps(to + (4 * i + 3) * next, v[i][2]);
  }
}

// Returns in `g` the gradient of a filter for the gradient of its points: G^T w G.
inline void filter_of(const __m512 (&w)[kPoints], __m512 (&g)[9]) {
  __m512 v[3][4];
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const __m512 sum = half(add(w[4 + j], w[8 + j]));
    v[0][j] = add(w[j], sum);
    v[1][j] = half(sub(w[4 + j], w[8 + j]));
    v[2][j] = add(sum, w[12 + j]);
  }
#pragma GCC unroll 3
  for (int i = 0; i < 3; ++i) {
    const __m512 sum = half(add(v[i][1], v[i][2]));
    g[3 * i] = add(v[i][0], sum);
    g[3 * i + 1] = half(sub(v[i][1], v[i][2]));
    g[3 * i + 2] = add(sum, v[i][3]);
  }
}

}  // namespace ktg::winograd
