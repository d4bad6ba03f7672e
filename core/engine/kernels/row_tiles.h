// Winograd's F(2, 3) along rows of bfloat16 maps: two outputs side by side and the four inputs that
// a row of a 3x3 filter reads for them are one tile. Four products of points replace six of numbers;
// rows add up as they are, because a transform along both axes would round too often.
// points = B^T d for inputs d, A s for slopes s of outputs, G g for filters g; outputs = A^T points.
#pragma once
#include <immintrin.h>

#include <cstdint>

#include "maps.h"
#include "pairs.h"

namespace ktg::rows {

constexpr int kPoints = 4;  // numbers of a transformed tile

inline __m512 add(__m512 a, __m512 b) { return _mm512_add_ps(a, b); }
inline __m512 sub(__m512 a, __m512 b) { return _mm512_sub_ps(a, b); }
inline __m512 half(__m512 a) { return _mm512_mul_ps(_mm512_set1_ps(0.5f), a); }

inline int tiles_of(int width) { return (width + 1) / 2; }
inline int pairs_of(int width) { return (tiles_of(width) + 1) / 2; }

// Returns 16 channels of pixel `column` of a row; zeros outside of it.
inline __m512 pixel(const std::uint16_t* row, int column, int width, int channels) {
  if (column < 0 || column >= width) return _mm512_setzero_ps();
  return load(row + static_cast<std::int64_t>(column) * channels);
}

// Calls `take(pair, points, points of the tile beside)` for 16 inputs of a row.
template <typename Take>
inline void transform_inputs(const std::uint16_t* row, int width, int channels, const Take& take) {
  __m512 d[6] = {_mm512_setzero_ps(), pixel(row, 0, width, channels)};
  for (int pair = 0; pair < pairs_of(width); ++pair) {
    for (int i = 2; i < 6; ++i) d[i] = pixel(row, 4 * pair + i - 1, width, channels);
    const __m512 first[kPoints] = {sub(d[0], d[2]), add(d[1], d[2]), sub(d[2], d[1]),
                                   sub(d[1], d[3])};
    const __m512 second[kPoints] = {sub(d[2], d[4]), add(d[3], d[4]), sub(d[4], d[3]),
                                    sub(d[3], d[5])};
    take(pair, first, second);
    d[0] = d[4];
    d[1] = d[5];
  }
}

// Calls `take` as above for the slopes of 16 outputs. The last point has the sign of its slope, so
// filter_of subtracts it.
template <typename Take>
inline void transform_slopes(const std::uint16_t* row, int width, int channels, const Take& take) {
  for (int pair = 0; pair < pairs_of(width); ++pair) {
    __m512 s[4];
    for (int i = 0; i < 4; ++i) s[i] = pixel(row, 4 * pair + i, width, channels);
    const __m512 first[kPoints] = {s[0], add(s[0], s[1]), sub(s[0], s[1]), s[1]};
    const __m512 second[kPoints] = {s[2], add(s[2], s[3]), sub(s[2], s[3]), s[3]};
    take(pair, first, second);
  }
}

// Returns in `points` those of three taps of a row of a filter.
inline void transform_filter(const __m512 (&g)[3], __m512 (&points)[kPoints]) {
  const __m512 outer = add(g[0], g[2]);
  points[0] = g[0];
  points[1] = half(add(outer, g[1]));
  points[2] = half(sub(outer, g[1]));
  points[3] = g[2];
}

// Returns in `g` the gradient of three taps for that of their points: G^T w.
inline void filter_of(const __m512 (&w)[kPoints], __m512 (&g)[3]) {
  const __m512 sum = half(add(w[1], w[2]));
  g[0] = add(w[0], sum);
  g[1] = half(sub(w[1], w[2]));
  g[2] = sub(sum, w[3]);
}

}  // namespace ktg::rows
