// Vectors of 16 channels: computed in float32, stored in float32 or bfloat16 (std::uint16_t).
#pragma once
#include <immintrin.h>

#include <cstdint>

namespace ktg {

constexpr int kLanes = 16;  // channels in one vector

inline __m512 load(const float* from) { return _mm512_loadu_ps(from); }
inline __m512 load(const std::uint16_t* from) {
  const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}
inline void store(float* to, __m512 value) { _mm512_storeu_ps(to, value); }
inline void store(std::uint16_t* to, __m512 value) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), (__m256i)_mm512_cvtneps_pbh(value));
}

// Returns value [+ other[at ...]] [, at least 0]; `other` may be null.
template <typename T>
inline __m512 activated(__m512 value, const T* other, std::int64_t at, bool relu) {
  if (other) value = _mm512_add_ps(value, load(other + at));
  // In this order a value that is not a number stays one.
  return relu ? _mm512_max_ps(_mm512_setzero_ps(), value) : value;
}

}  // namespace ktg
