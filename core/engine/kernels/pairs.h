// Pairs of bfloat16 numbers, whose products an instruction of AVX-512 adds up in float32.
#pragma once
#include <immintrin.h>

#include <cstdint>

namespace ktg {

// Rounds two vectors to bfloat16 and puts them side by side, the first in the lower halves.
inline __m512i paired(__m512 low, __m512 high) {
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24,
                                         8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return _mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh(high, low));
}

// Adds the products of the pairs of a vector and of one pair for all lanes.
inline __m512 add_pairs(__m512 sums, __m512i vector, const std::uint16_t* pair) {
  std::int32_t two;
  __builtin_memcpy(&two, pair, sizeof two);
  return _mm512_dpbf16_ps(sums, (__m512bh)vector, (__m512bh)_mm512_set1_epi32(two));
}

}  // namespace ktg
