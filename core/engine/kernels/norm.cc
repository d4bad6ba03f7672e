#include "norm.h"

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "buffers.h"
#include "parallel.h"
#include "vectors.h"

namespace ktg {
namespace {

// Pixels whose sums stay in float32; longer sums are in double.
constexpr std::int64_t kPortion = 256;

void require_vectors(const Flat& maps) {
  if (maps.channels % kLanes == 0) return;
  throw std::invalid_argument(std::to_string(maps.channels) +
                              " channels do not fit: norms need a multiple of 16.");
}

// Two sums [channels] in double.
struct Sums {
  std::vector<double> first, second;
  explicit Sums(int channels) : first(channels), second(channels) {}
  void add(int channel, __m512 one, __m512 two) {
    alignas(64) float a[kLanes], b[kLanes];
    _mm512_store_ps(a, one);
    _mm512_store_ps(b, two);
    for (int i = 0; i < kLanes; ++i) first[channel + i] += a[i], second[channel + i] += b[i];
  }
};

// Calls `work(first pixel, end, part)` on the threads.
template <typename Work>
void divide(std::int64_t pixels, const Work& work) {
  parallel(kParts, [&](int part) {
    work(pixels * part / kParts, pixels * (part + 1) / kParts, part);
  });
}

// Adds up what `each(position, channel)` returns as two vectors, over all pixels.
template <typename Each>
Sums reduce(const Flat& maps, const Each& each) {
  std::vector<Sums> sums(kParts, Sums(maps.channels));
  divide(maps.pixels, [&](std::int64_t first, std::int64_t last, int part) {
    for (std::int64_t from = first; from < last; from += kPortion) {
      const std::int64_t to = std::min(last, from + kPortion);
      for (int c = 0; c < maps.channels; c += kLanes) {
        __m512 one[4] = {}, two[4] = {};
        std::int64_t p = from;
        for (; p + 4 <= to; p += 4)
#pragma GCC unroll 4
          for (int i = 0; i < 4; ++i) each((p + i) * maps.channels + c, c, one[i], two[i]);
        for (; p < to; ++p) each(p * maps.channels + c, c, one[0], two[0]);
        sums[part].add(c, _mm512_add_ps(_mm512_add_ps(one[0], one[1]), _mm512_add_ps(one[2], one[3])),
                       _mm512_add_ps(_mm512_add_ps(two[0], two[1]), _mm512_add_ps(two[2], two[3])));
      }
    }
  });
  for (int part = 1; part < kParts; ++part)
    for (int c = 0; c < maps.channels; ++c) {
      sums[0].first[c] += sums[part].first[c];
      sums[0].second[c] += sums[part].second[c];
    }
  return sums[0];
}

// Calls `each(position, channel)` for every vector of the maps.
template <typename Each>
void visit(const Flat& maps, const Each& each) {
  divide(maps.pixels, [&](std::int64_t first, std::int64_t last, int) {
    for (std::int64_t p = first; p < last; ++p)
      for (int c = 0; c < maps.channels; c += kLanes) each(p * maps.channels + c, c);
  });
}

template <typename T>
inline __m512 slope_at(const Slope<T>& given, std::int64_t at) {
  __m512 slope = load(given.dy + at);
  if (given.more) slope = _mm512_add_ps(slope, load(given.more + at));
  if (!given.y) return slope;
  return _mm512_maskz_mov_ps(
      _mm512_cmp_ps_mask(load(given.y + at), _mm512_setzero_ps(), _CMP_GT_OQ), slope);
}

}  // namespace

template <typename T>
void norm(const Flat& maps, const T* x, const float* gamma, const float* beta, const T* other,
          bool relu, float epsilon, T* y, const Statistics& s) {
  require_vectors(maps);
  // The first pixel is near the mean, so that squares of differences lose no digits.
  auto start = zeros<float>(maps.channels);
  for (int c = 0; c < maps.channels; c += kLanes) store(start.get() + c, load(x + c));
  const Sums sums = reduce(maps, [&](std::int64_t at, int c, __m512& one, __m512& two) {
    const __m512 difference = _mm512_sub_ps(load(x + at), _mm512_load_ps(start.get() + c));
    one = _mm512_add_ps(one, difference);
    two = _mm512_fmadd_ps(difference, difference, two);
  });
  auto scale = zeros<float>(maps.channels);
  const double count = static_cast<double>(maps.pixels);
  for (int c = 0; c < maps.channels; ++c) {
    const double shift = sums.first[c] / count;
    const double variance = std::max(0.0, sums.second[c] / count - shift * shift);
    s.mean[c] = static_cast<float>(start[c] + shift);
    s.variance[c] = static_cast<float>(variance * count / std::max(1.0, count - 1));
    s.inverse[c] = static_cast<float>(1 / std::sqrt(variance + epsilon));
    scale[c] = gamma[c] * s.inverse[c];
  }
  visit(maps, [&](std::int64_t at, int c) {
    const __m512 centred = _mm512_sub_ps(load(x + at), _mm512_loadu_ps(s.mean + c));
    const __m512 value =
        _mm512_fmadd_ps(centred, _mm512_load_ps(scale.get() + c), _mm512_loadu_ps(beta + c));
    store(y + at, activated(value, other, at, relu));
  });
}

template <typename T>
void norm_gradient(const Flat& maps, const Slope<T>& given, const T* x, const float* gamma,
                   const float* mean, const float* inverse, const T* added, T* dx, float* dgamma,
                   float* dbeta, T* slope) {
  require_vectors(maps);
  const Sums sums = reduce(maps, [&](std::int64_t at, int c, __m512& one, __m512& two) {
    __m512 g = slope_at(given, at);
    if (slope) {
      // The rounded slopes lose their own mean. Equal slopes round the same way, so the mean of
      // the exact ones would leave a rest in every pixel.
      store(slope + at, g);
      g = load(slope + at);
    }
    one = _mm512_add_ps(one, g);
    two = _mm512_fmadd_ps(g, _mm512_sub_ps(load(x + at), _mm512_loadu_ps(mean + c)), two);
  });
  auto offset = zeros<float>(maps.channels);
  auto factor = zeros<float>(maps.channels);
  auto scale = zeros<float>(maps.channels);
  const double count = static_cast<double>(maps.pixels);
  for (int c = 0; c < maps.channels; ++c) {
    const double along = sums.second[c] * inverse[c];
    dbeta[c] = static_cast<float>(sums.first[c]);
    dgamma[c] = static_cast<float>(along);
    offset[c] = static_cast<float>(sums.first[c] / count);
    factor[c] = static_cast<float>(along * inverse[c] / count);
    scale[c] = gamma[c] * inverse[c];
  }
  const Slope<T> ready = slope ? Slope<T>{slope, nullptr, nullptr} : given;
  const auto moved = [&](std::int64_t at, int c) {
    const __m512 centred = _mm512_sub_ps(load(x + at), _mm512_loadu_ps(mean + c));
    const __m512 g = _mm512_sub_ps(slope_at(ready, at), _mm512_load_ps(offset.get() + c));
    const __m512 rest = _mm512_fnmadd_ps(centred, _mm512_load_ps(factor.get() + c), g);
    return _mm512_mul_ps(rest, _mm512_load_ps(scale.get() + c));
  };
  if (added)
    visit(maps, [&](std::int64_t at, int c) {
      store(dx + at, _mm512_add_ps(moved(at, c), load(added + at)));
    });
  else
    visit(maps, [&](std::int64_t at, int c) { store(dx + at, moved(at, c)); });
}

template void norm(const Flat&, const float*, const float*, const float*, const float*, bool, float,
                   float*, const Statistics&);
template void norm(const Flat&, const std::uint16_t*, const float*, const float*,
                   const std::uint16_t*, bool, float, std::uint16_t*, const Statistics&);
template void norm_gradient(const Flat&, const Slope<float>&, const float*, const float*,
                            const float*, const float*, const float*, float*, float*, float*,
                            float*);
template void norm_gradient(const Flat&, const Slope<std::uint16_t>&, const std::uint16_t*,
                            const float*, const float*, const float*, const std::uint16_t*,
                            std::uint16_t*, float*, float*, std::uint16_t*);

}  // namespace ktg
