// Memory and packed pixels that the kernels share.
#pragma once
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <new>

namespace ktg {

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};
template <typename T>
using Buffer = std::unique_ptr<T[], Free>;

// Returns zeros that begin at a cache line. Throws std::bad_alloc.
template <typename T>
Buffer<T> zeros(std::size_t count) {
  constexpr std::size_t kMost = std::numeric_limits<std::ptrdiff_t>::max() - 63;
  if (count > kMost / sizeof(T)) throw std::bad_alloc();
  const std::size_t bytes = (count * sizeof(T) + 63) / 64 * 64;
  void* memory = std::aligned_alloc(64, bytes);
  if (!memory) throw std::bad_alloc();
  std::memset(memory, 0, bytes);
  return Buffer<T>(static_cast<T*>(memory));
}

// Puts two rows of 16 numbers side by side, the first in the lower halves.
inline __m512i side_by_side(const std::uint16_t* low, const std::uint16_t* high) {
  const __m512i a = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)low));
  const __m512i b = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)high));
  return _mm512_or_si512(a, _mm512_slli_epi32(b, 16));
}

}  // namespace ktg
